"""Contract suites and hypothesis strategies that ship."""

"""Contract suites and hypothesis strategies that ship.

``check_modality``, ``check_transform`` and ``check_format`` run a new class through
everything that its contract promises; call them from a test of your own.
"""

"""Measurements, side by side with the peer or the physical floor in one run: ``python -m benchmarks``."""

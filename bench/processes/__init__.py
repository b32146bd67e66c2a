"""Servers and workers that benchmarks start, as `make run` does."""

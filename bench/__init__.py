"""Benchmarks: one file a question, every figure a ratio of one run. `make bench` prints the table."""

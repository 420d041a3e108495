"""Benchmarks: each figure beside its baseline from the same run. `make bench` writes build/bench.json."""

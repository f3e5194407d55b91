"""Figures with targets, and the bare pages and loops that benchmarks compare with."""

"""Measure what the README claims, on this machine, in ratios that travel."""

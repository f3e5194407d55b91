"""Checks of the running product: one registry for panel, doctor, probes, metrics."""

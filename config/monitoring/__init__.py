"""Logs, request ids, outages, and what reports errors and traces elsewhere."""

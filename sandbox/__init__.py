"""Simulate the providers, as strictly as they behave, in a process of its own."""

"""Run any simulated provider: web, state, faults, limits."""

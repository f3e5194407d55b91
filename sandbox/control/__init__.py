"""Steer the sandbox: records, tokens, switches, faults, statistics."""

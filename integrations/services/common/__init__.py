"""Lean on these from every capability: sealing, audit, queue, mail, clients, state."""

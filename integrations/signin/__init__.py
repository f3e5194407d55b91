"""Harden allauth's OAuth dance for every provider; the faces add only their spec."""

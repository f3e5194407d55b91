"""Hardened OAuth flow for every provider, behind allauth; each adds only its spec."""

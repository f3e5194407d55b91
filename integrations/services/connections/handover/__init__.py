"""Handover of connections: an encrypted bundle moves grants from server to server."""

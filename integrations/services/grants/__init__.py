"""Grants: from consent to a usable access token, refresh, and revocation."""

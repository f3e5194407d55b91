"""Grants: tokens, authorizations under way, and what holds for a provider."""

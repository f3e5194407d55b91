"""Accounts: preferences, ways to sign in, audit trail, erasure."""

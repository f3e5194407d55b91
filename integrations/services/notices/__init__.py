"""Notices: incidents told to users and operators, and digests of what they follow."""

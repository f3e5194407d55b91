"""Clients of providers, the limits they are told of, the boundary around connectors."""

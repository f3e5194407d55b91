"""Serve requests: WSGI, routes, tables of endpoints, records of calls."""

"""Typed values of fields: read, stored as JSON, and written as plain text."""

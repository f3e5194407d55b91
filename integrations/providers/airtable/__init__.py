"""Airtable: bases, their tables, and the records in them."""

"""Map Airtable's answers to items, fields and values."""

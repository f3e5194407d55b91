"""Map Notion's answers to items, fields and values."""

"""Map HubSpot's answers to items, fields and values."""

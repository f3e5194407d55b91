"""Ask other services politely: client, error tree, deadlines, limits, redaction."""

"""Ask Airtable's API: pages, limits, errors."""

"""Ask Notion's API: pages, limits, errors."""

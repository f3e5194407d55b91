"""Ask HubSpot's API: pages, limits, errors."""

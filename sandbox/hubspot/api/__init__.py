"""Answer HubSpot's API."""

"""Keep HubSpot, Airtable and Notion accounts connected, and show what is in them."""

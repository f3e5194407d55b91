"""Answer Airtable's API."""

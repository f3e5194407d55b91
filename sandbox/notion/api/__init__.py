"""Answer Notion's API."""

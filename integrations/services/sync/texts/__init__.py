"""The text of pages: read with a sync, or when somebody opens a page."""

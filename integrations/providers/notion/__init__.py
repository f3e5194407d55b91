"""Notion: pages, databases, data sources and rows of one workspace."""

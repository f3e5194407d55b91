"""Parts of an item's page, ready for its templates."""

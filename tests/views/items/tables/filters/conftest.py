"""Give the filters and groups the deals of the table."""

from tests.views.items.tables.test_table import deals, four

__all__ = ["deals", "four"]

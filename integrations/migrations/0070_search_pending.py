"""Bound what PostgreSQL's full-text index has not sorted in yet.

New words wait in a list that each search goes through from one end to the other, up to
4 MB of it for each of its parts, until somebody's write or a vacuum sorts it in. Of an
eighth of that a search notices nothing; a row costs some 14 µs more to write.
"""

from typing import Any

from django.db import migrations

from integrations.migrations._beside_use import briefly

INDEX = "integrations_item_search_vectors"
KILOBYTES = 512


def bound(_apps: Any, schema_editor: Any) -> None:
    """Bound the list; what is longer is sorted in by the next write."""
    _alter(schema_editor, f"SET (gin_pending_list_limit = {KILOBYTES})")


def unbound(_apps: Any, schema_editor: Any) -> None:
    """Leave it to the server's own setting again."""
    _alter(schema_editor, "RESET (gin_pending_list_limit)")


def _alter(schema_editor: Any, change: str) -> None:
    if schema_editor.connection.vendor == "postgresql":
        statement = f"ALTER INDEX {INDEX} {change}"
        briefly(schema_editor, lambda: schema_editor.execute(statement))


class Migration(migrations.Migration):
    """Bound the list; SQLite's index has none."""

    dependencies = (("integrations", "0069_collections_of_links"),)

    operations = (migrations.RunPython(bound, unbound),)

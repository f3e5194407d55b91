"""Tell PostgreSQL that a text or a number belongs to one index of properties.

Otherwise it takes the two for independent, and expects a few hundred of the many
thousand rows that a filter finds.
"""

from typing import Any

from django.db import migrations

TABLE = "integrations_propertyvalue"
STATISTICS = {
    "property_text_statistics": "index_id, text",
    "property_number_statistics": "index_id, number",
}


def create(_apps: Any, schema_editor: Any) -> None:
    """Create the statistics, and take the first sample."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, columns in STATISTICS.items():
        schema_editor.execute(
            f"CREATE STATISTICS IF NOT EXISTS {name} (dependencies, mcv)"
            f" ON {columns} FROM {TABLE}"
        )
    schema_editor.execute(f"ANALYZE {TABLE}")


def drop(_apps: Any, schema_editor: Any) -> None:
    """Drop them."""
    if schema_editor.connection.vendor == "postgresql":
        for name in STATISTICS:
            schema_editor.execute(f"DROP STATISTICS IF EXISTS {name}")


class Migration(migrations.Migration):
    """Create the statistics; SQLite has none of several columns but its indexes'."""

    dependencies = (("integrations", "0067_record_digests"),)

    operations = (migrations.RunPython(create, drop),)

"""Keep the order of options in schemas; those stored before have it when read again."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from integrations.models.ordered_json import OrderedJSONField

TABLE = "integrations_collection"


def to_text(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the column one of text; with SQLite it is that already."""
    _change(editor, "text")


def to_jsonb(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the column what it was."""
    _change(editor, "jsonb")


def _change(editor: BaseDatabaseSchemaEditor, kind: str) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"ALTER TABLE {TABLE} ALTER COLUMN schema TYPE {kind} USING schema::{kind}"
        )


class Migration(migrations.Migration):
    dependencies = (("integrations", "0050_labels_and_leavers"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(to_text, to_jsonb)],
            state_operations=[
                migrations.AlterField(
                    "collection", "schema", OrderedJSONField(blank=True, default=dict)
                )
            ],
        ),
    )

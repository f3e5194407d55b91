"""Remember how far the search index is; let PostgreSQL index our words as they are.

Its parser takes words apart that it does not know, such as those of scripts without
spaces. The words of each item are made anew in the background, not here.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

FORWARDS = (
    "ALTER TABLE integrations_item_search ADD COLUMN words tsvector",
    """
    CREATE INDEX integrations_item_search_vectors
    ON integrations_item_search USING gin (words)
    """,
    # Its index goes with it.
    "ALTER TABLE integrations_item_search DROP COLUMN text",
)
BACKWARDS = (
    "ALTER TABLE integrations_item_search ADD COLUMN text text NOT NULL DEFAULT ''",
    "ALTER TABLE integrations_item_search ALTER COLUMN text DROP DEFAULT",
    """
    CREATE INDEX integrations_item_search_words
    ON integrations_item_search USING gin (to_tsvector('simple', text))
    """,
    "ALTER TABLE integrations_item_search DROP COLUMN words",
)


def forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Exchange the text for a vector of words."""
    _execute(schema_editor, FORWARDS)


def backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Exchange them again; a full refresh finds the texts."""
    _execute(schema_editor, BACKWARDS)


def _execute(
    schema_editor: BaseDatabaseSchemaEditor, statements: tuple[str, ...]
) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for statement in statements:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    """Create the table of states and PostgreSQL's column."""

    dependencies = (("integrations", "0015_wait_reasons"),)
    operations = (
        migrations.CreateModel(
            name="SearchState",
            fields=[
                (
                    "collection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_state",
                        serialize=False,
                        to="integrations.collection",
                    ),
                ),
                ("labels", models.CharField(max_length=32)),
                ("indexed_with", models.CharField(blank=True, max_length=40)),
                ("indexing_with", models.CharField(blank=True, max_length=40)),
                ("position", models.BigIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RunPython(forwards, backwards),
    )

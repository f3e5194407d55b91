"""Add the full-text index beside the items: FTS5 on SQLite, GIN on PostgreSQL.

The table is no model because its shape differs by database; ``services.search``
is the only code that reads or writes it. Deleting an item deletes its text, by a
trigger. A later migration that makes SQLite rebuild the items' table must create
the trigger again, for SQLite drops it with the old table.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# The texts are folded words between spaces already: SQLite's plainest tokenizer and
# its leanest index are all that finding whole words and their beginnings needs.
SQLITE = (
    """
    CREATE VIRTUAL TABLE integrations_item_search
    USING fts5(text, tokenize = "ascii", prefix = '2 3', detail = none, columnsize = 0)
    """,
    """
    CREATE TRIGGER integrations_item_search_delete
    AFTER DELETE ON integrations_item
    BEGIN DELETE FROM integrations_item_search WHERE rowid = old.id; END
    """,
)
POSTGRESQL = (
    """
    CREATE TABLE integrations_item_search (
        item_id bigint PRIMARY KEY, text text NOT NULL
    )
    """,
    """
    CREATE INDEX integrations_item_search_words
    ON integrations_item_search USING gin (to_tsvector('simple', text))
    """,
    """
    CREATE FUNCTION integrations_item_search_delete() RETURNS trigger AS $$
    BEGIN
        DELETE FROM integrations_item_search WHERE item_id = OLD.id;
        RETURN NULL;
    END $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER integrations_item_search_delete
    AFTER DELETE ON integrations_item
    FOR EACH ROW EXECUTE FUNCTION integrations_item_search_delete()
    """,
)


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the table that suits the database."""
    is_postgres = schema_editor.connection.vendor == "postgresql"
    for statement in POSTGRESQL if is_postgres else SQLITE:
        schema_editor.execute(statement)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop it again; the texts can be made anew by a full pass."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION integrations_item_search_delete() CASCADE")
    else:
        schema_editor.execute("DROP TRIGGER integrations_item_search_delete")
    schema_editor.execute("DROP TABLE integrations_item_search")


class Migration(migrations.Migration):
    """Create and drop the full-text index."""

    dependencies = (("integrations", "0001_initial"),)
    operations = (migrations.RunPython(create, drop),)

"""Take the words in stored rows along: user for person, deleted for hidden."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Model, column, and what a value was called before and is called now.
RENAMED = (
    ("SyncRun", "trigger", "person", "user"),
    ("Connection", "reason", "paused_by_person", "paused_by_user"),
    ("Connection", "reason", "disconnected_by_person", "disconnected_by_user"),
    ("ItemChange", "kind", "hidden", "deleted"),
)


def rename(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give every stored value its new name."""
    for model, column, before, now in RENAMED:
        rows = apps.get_model("integrations", model).objects
        rows.filter(**{column: before}).update(**{column: now})


def rename_back(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give every stored value its old name."""
    for model, column, before, now in RENAMED:
        rows = apps.get_model("integrations", model).objects
        rows.filter(**{column: now}).update(**{column: before})


class Migration(migrations.Migration):
    """Rename values in place."""

    dependencies = (("integrations", "0004_words_of_the_field"),)
    operations = (migrations.RunPython(rename, rename_back),)

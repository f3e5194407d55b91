"""Let an item's modified time be unknown, and tell a first reading from what is new.

Until now an item without a modified time had that of its first sight, or of its
creation. What is proven to be one of those becomes unknown, and what was noticed here
is marked so: our clock has microseconds, so equal times are no coincidence.
"""

from datetime import timedelta
from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

TABLE, COLUMN = "integrations_item", "remote_updated_at"
NULLABLE = f'"{COLUMN}" datetime NULL'
REQUIRED = f'"{COLUMN}" datetime NOT NULL'
LIVE = Q(deleted_at__isnull=True)


def allow_null(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let the column be null."""
    if schema_editor.connection.vendor == "sqlite":
        _redefine(schema_editor, REQUIRED, NULLABLE)
    else:
        schema_editor.execute(
            f"ALTER TABLE {TABLE} ALTER COLUMN {COLUMN} DROP NOT NULL"
        )


def forbid_null(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Fill what is unknown as before, and let nothing be null."""
    apps.get_model("integrations", "Item").objects.filter(
        remote_updated_at__isnull=True
    ).update(remote_updated_at=Coalesce("remote_created_at", "first_seen_at"))
    if schema_editor.connection.vendor == "sqlite":
        _redefine(schema_editor, NULLABLE, REQUIRED)
    else:
        schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN {COLUMN} SET NOT NULL")


def _redefine(schema_editor: BaseDatabaseSchemaEditor, before: str, after: str) -> None:
    """Rewrite the column's definition, and not the table, which has triggers.

    https://www.sqlite.org/lang_altertable.html, "changes that do not affect the
    on-disk content in any way", such as removing a NOT NULL constraint.
    """
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("PRAGMA schema_version")
        version = int(cursor.fetchone()[0])
        cursor.execute("PRAGMA writable_schema = ON")
        cursor.execute(
            "UPDATE sqlite_master SET sql = replace(sql, %s, %s)"
            " WHERE type = 'table' AND name = %s",
            [before, after, TABLE],
        )
        cursor.execute(f"PRAGMA schema_version = {version + 1}")
        cursor.execute("PRAGMA writable_schema = RESET")
        cursor.execute(f"PRAGMA table_info({TABLE})")
        required = {row[1]: bool(row[3]) for row in cursor.fetchall()}
    if required[COLUMN] != (after == REQUIRED):
        raise RuntimeError(f"SQLite did not redefine {TABLE}.{COLUMN}")


def tell_known_times(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take back what was not known, and mark what was noticed."""
    items = apps.get_model("integrations", "Item").objects
    changes = apps.get_model("integrations", "ItemChange").objects
    noticed = changes.filter(item=OuterRef("pk"), at=OuterRef("remote_updated_at"))
    items.filter(Q(remote_updated_at=F("changed_at")) | Exists(noticed)).exclude(
        remote_updated_at=F("first_seen_at")
    ).update(is_update_noticed=True)
    items.filter(remote_updated_at=F("first_seen_at")).update(remote_updated_at=None)
    # What is far ahead would stay the latest for ever.
    for name in ("remote_updated_at", "remote_created_at"):
        ahead = {f"{name}__gt": timezone.now() + timedelta(days=1)}
        items.filter(**ahead).update(**{name: None})
    for collection in apps.get_model("integrations", "Collection").objects.only("pk"):
        _forget_creations(items.filter(collection=collection))


def _forget_creations(items: Any) -> None:
    """Take creations for what they are, where no item tells a time of its own."""
    unknown = Q(remote_updated_at__isnull=True) | Q(is_update_noticed=True)
    created = Q(remote_updated_at=F("remote_created_at"))
    if not items.exclude(unknown).exclude(created).exists():
        items.filter(created).exclude(unknown).update(remote_updated_at=None)


def tell_first_readings(
    apps: StateApps, schema_editor: BaseDatabaseSchemaEditor
) -> None:
    """Take the last full refresh for the first: earlier ones were not noted.

    What the first sync of a connection stored was not new.
    """
    apps.get_model("integrations", "Collection").objects.filter(
        last_full_refresh_at__isnull=False
    ).update(first_full_refresh_at=F("last_full_refresh_at"))
    runs = apps.get_model("integrations", "SyncRun").objects
    for run in runs.filter(trigger="connect").only("pk", "progress", "created"):
        for entry in run.progress.values():
            entry["first_read"] = entry.get("created", 0)
        run.first_read = run.created
        run.save(update_fields=["progress", "first_read"])


def forget_first_readings(
    apps: StateApps, schema_editor: BaseDatabaseSchemaEditor
) -> None:
    """Take out of the runs' notes what earlier versions cannot read."""
    runs = apps.get_model("integrations", "SyncRun").objects
    for run in runs.only("pk", "progress").iterator(1000):
        for entry in run.progress.values():
            entry.pop("first_read", None)
        run.save(update_fields=["progress"])


def shorten_quotas(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave out of stored messages the day that their sentence now adds itself."""
    collections = apps.get_model("integrations", "Collection").objects
    for collection in collections.filter(reason="quota_exhausted"):
        message = str(collection.reason_data.get("message", ""))
        collection.reason_data["message"] = message.partition(" until ")[0]
        collection.save(update_fields=["reason_data"])


class Migration(migrations.Migration):
    """Change columns and indexes first, then what is in them."""

    dependencies = (("integrations", "0012_plan_said_at_start"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=(migrations.RunPython(allow_null, forbid_null),),
            state_operations=(
                migrations.AlterField(
                    "item",
                    "remote_updated_at",
                    models.DateTimeField(null=True, blank=True),
                ),
            ),
        ),
        migrations.AddField(
            "item", "is_update_noticed", models.BooleanField(null=True, blank=True)
        ),
        migrations.AddField(
            "collection",
            "first_full_refresh_at",
            models.DateTimeField(
                null=True,
                blank=True,
                help_text=(
                    "What is first seen later is new; before, it was only first read."
                ),
            ),
        ),
        migrations.AddField(
            "syncrun",
            "first_read",
            models.PositiveIntegerField(
                default=0,
                db_default=0,
                help_text=(
                    "Created by the first full refresh of a collection: not new there."
                ),
            ),
        ),
        migrations.AddIndex(
            "item",
            models.Index(
                fields=("owner", "-remote_created_at", "-id"),
                condition=LIVE,
                name="item_by_creation",
            ),
        ),
        migrations.AddIndex(
            "item",
            models.Index(
                fields=("owner", "type", "-remote_created_at", "-id"),
                condition=LIVE,
                name="item_by_type_and_creation",
            ),
        ),
        migrations.RunPython(tell_known_times, migrations.RunPython.noop),
        migrations.RunPython(tell_first_readings, forget_first_readings),
        migrations.RunPython(shorten_quotas, migrations.RunPython.noop),
    )

"""Whose turn an open run takes, and the indexes that find the next one.

Through connections, SQLite read every run there has been before it chose one.
Runs that old code opens meanwhile get their user when a message names them. A few are
written at a time: whoever renews the lease of one waits for that long.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery

from integrations.migrations import _beside_use as beside_use

CHUNK = 500


def name_users(apps: Any, schema_editor: Any) -> None:
    """Note of each open run whose connection it reads."""
    alias = schema_editor.connection.alias
    owners = apps.get_model("integrations", "Connection").objects.using(alias)
    owner = owners.filter(pk=OuterRef("connection_id")).values("owner_id")
    runs = apps.get_model("integrations", "SyncRun").objects.using(alias)
    still_open = runs.filter(state__in=("queued", "running"))
    keys = list(still_open.values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        some = still_open.filter(pk__in=keys[start : start + CHUNK])
        some.update(turn_of=Subquery(owner))


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0056_latest_links"),)
    operations = (
        beside_use.AddField(
            "syncrun",
            "turn_of",
            models.BigIntegerField(
                blank=True,
                help_text="The user whose turn it takes, nobody once it has ended.",
                null=True,
            ),
        ),
        migrations.RunPython(name_users, migrations.RunPython.noop),
        beside_use.AddIndex(
            "syncrun",
            models.Index(
                condition=Q(turn_of__isnull=False),
                fields=["turn_of", "due_at"],
                name="sync_run_turns",
            ),
        ),
        beside_use.AddIndex(
            "syncrun",
            models.Index(
                condition=Q(finished_at__isnull=True),
                fields=["is_interactive", "due_at"],
                name="sync_run_due",
            ),
        ),
    )

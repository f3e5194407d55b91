"""Note on items whether they were new, and index what came, changed and went.

Without a transaction around it, so that it can go on where it was interrupted.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import F, Q

from integrations.migrations import _beside_use as beside_use

LIVE = Q(deleted_at__isnull=True)
# So many keys are looked at by one statement, which is a transaction of its own.
BATCH = 5000
INDEXES = (
    models.Index(
        fields=("owner", "deleted_at"), condition=~LIVE, name="item_by_deletion"
    ),
    models.Index(
        fields=("owner", "new_at"),
        condition=LIVE & Q(new_at__isnull=False),
        name="item_by_arrival",
    ),
    models.Index(
        fields=("owner", "changed_at"),
        condition=LIVE & Q(changed_at__gt=F("first_seen_at")),
        name="item_changed_since",
    ),
)


def note_arrivals(apps: Any, schema_editor: Any) -> None:
    """Note when each came that came after all of its collection had been read."""
    items = apps.get_model("integrations", "Item").objects
    collections = apps.get_model("integrations", "Collection").objects
    read = collections.filter(first_full_refresh_at__isnull=False)
    for pk, read_at in read.values_list("pk", "first_full_refresh_at"):
        came = items.filter(collection=pk, new_at__isnull=True)
        came = came.filter(first_seen_at__gt=read_at).order_by("pk")
        last = 0
        while keys := list(
            came.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]
        ):
            last = keys[-1]
            items.filter(pk__in=keys).update(new_at=F("first_seen_at"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0042_connections_of_changes"),)
    operations = (
        migrations.AddField(
            "item", "new_at", models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunPython(note_arrivals, migrations.RunPython.noop),
        *(beside_use.AddIndex("item", index) for index in INDEXES),
    )

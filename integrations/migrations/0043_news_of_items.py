"""Note on items whether they were new, and index what came, changed and went.

Without a transaction around it, so that it can go on where it was interrupted.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import F, Max, Min, Q

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
    came = items.filter(
        new_at__isnull=True,
        first_seen_at__gt=F("collection__first_full_refresh_at"),
    )
    ends = items.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return
    for start in range(ends["first"], ends["last"] + 1, BATCH):
        some = came.filter(pk__gte=start, pk__lt=start + BATCH)
        some.update(new_at=F("first_seen_at"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0042_connections_of_changes"),)
    operations = (
        beside_use.AddField(
            "item", "new_at", models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunPython(note_arrivals, migrations.RunPython.noop),
        *(beside_use.AddIndex("item", index) for index in INDEXES),
    )

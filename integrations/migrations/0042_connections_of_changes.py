"""Copy the connection of its item into each change, and index changes by it.

Apart from its column, so that it can go on where it was interrupted.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import Max, Min, OuterRef, Subquery

from integrations.migrations import _beside_use as beside_use

# So many keys are looked at by one statement, which is a transaction of its own.
BATCH = 5000


def name_connections(apps: Any, schema_editor: Any) -> None:
    """Name the connection of each change that has none yet."""
    items = apps.get_model("integrations", "Item").objects
    unnamed = apps.get_model("integrations", "ItemChange").objects.filter(
        connection_id__isnull=True
    )
    owner = items.filter(pk=OuterRef("item_id")).values("connection_id")[:1]
    ends = unnamed.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return
    for start in range(ends["first"], ends["last"] + 1, BATCH):
        some = unnamed.filter(pk__gte=start, pk__lt=start + BATCH)
        some.update(connection_id=Subquery(owner))


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0041_table_speed"),)
    operations = (
        migrations.RunPython(name_connections, migrations.RunPython.noop),
        beside_use.AddIndex(
            "itemchange",
            models.Index(
                fields=["connection", "-at", "-id"], name="item_change_of_connection"
            ),
        ),
    )

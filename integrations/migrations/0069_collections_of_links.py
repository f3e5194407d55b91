"""Copy the collection of its item into each link, and index links by it.

Each step can be done again after it was interrupted.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Max, Min, OuterRef, Subquery

from integrations.migrations import _beside_use as beside_use

# So many keys are looked at by one statement, which is a transaction of its own.
BATCH = 5000


def name_collections(apps: Any, schema_editor: Any) -> None:
    """Name the collection of each link that has none yet."""
    items = apps.get_model("integrations", "Item").objects
    unnamed = apps.get_model("integrations", "ItemLink").objects.filter(
        collection_id__isnull=True
    )
    own = items.filter(pk=OuterRef("item_id")).values("collection_id")[:1]
    ends = unnamed.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return
    for start in range(ends["first"], ends["last"] + 1, BATCH):
        some = unnamed.filter(pk__gte=start, pk__lt=start + BATCH)
        some.update(collection_id=Subquery(own))


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0068_property_statistics"),)
    operations = (
        beside_use.AddField(
            "itemlink",
            "collection",
            models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="integrations.collection",
            ),
        ),
        migrations.RunPython(name_collections, migrations.RunPython.noop),
        beside_use.AddIndex(
            "itemlink",
            models.Index(
                fields=["connection", "target_remote_id", "collection", "relation"],
                name="item_link_by_collection",
            ),
        ),
    )

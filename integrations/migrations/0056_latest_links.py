"""Index of links by what they lead to, of which the latest are told first.

Without their order in it PostgreSQL sorted all links of an item to tell the latest.
The table is read meanwhile: the former index goes once the new one is there.
"""

from django.db import migrations, models

from integrations.migrations import _beside_use as beside_use


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0055_found_out"),)
    operations = (
        beside_use.AddIndex(
            "itemlink",
            models.Index(
                fields=("connection", "target_remote_id", "-id"),
                name="item_link_latest_to_target",
            ),
        ),
        beside_use.RemoveIndex("itemlink", "item_link_to_target"),
    )

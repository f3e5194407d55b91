"""Add what the page of changes is read by: whose each change is, and what was seen."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def name_connections(apps: Any, schema_editor: Any) -> None:
    """Copy the connection of its item into each change, in one statement."""
    items = apps.get_model("integrations", "Item").objects
    changes = apps.get_model("integrations", "ItemChange").objects
    owner = items.filter(pk=models.OuterRef("item_id")).values("connection_id")[:1]
    changes.update(connection_id=models.Subquery(owner))


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0037_downloads"),
    ]

    operations = [
        migrations.AddField(
            model_name="preferences",
            name="changes_seen_at",
            field=models.DateTimeField(
                blank=True, help_text="Up to when the changes were read.", null=True
            ),
        ),
        migrations.AddField(
            model_name="itemchange",
            name="connection",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="integrations.connection",
            ),
        ),
        migrations.RunPython(name_connections, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="itemchange",
            index=models.Index(
                fields=["connection", "-at", "-id"], name="item_change_of_connection"
            ),
        ),
    ]

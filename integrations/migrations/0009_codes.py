"""Add columns for codes and what belongs to them, beside the sentences so far.

No row is rewritten: SQLite would make the item's table anew for a column that may not
be null, and lose the triggers of its full-text index.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add columns; the sentences are turned into codes by the next migration."""

    dependencies = (("integrations", "0008_fallback_stored"),)
    operations = (
        migrations.AddField(
            model_name="collection",
            name="reason_data",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="collection",
            name="pending_reason_data",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="reason_data",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="itemcontent",
            name="reason_data",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.RenameField(
            model_name="item", old_name="deleted_reason", new_name="deleted_detail"
        ),
        migrations.AddField(
            model_name="item",
            name="deleted_kind",
            field=models.CharField(blank=True, max_length=30, null=True),
        ),
    )

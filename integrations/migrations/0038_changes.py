"""Add what the page of changes is read by: whose each change is, and what was seen."""

import django.db.models.deletion
from django.db import migrations, models


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
    ]

"""What values follow from, beside the schema that old code reads whole and digests."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("integrations", "0060_forget_notified_at"),)
    operations = (
        migrations.AddField(
            "collection", "definitions", models.JSONField(blank=True, null=True)
        ),
    )

"""Add spaced retries of failed syncs, and what was known before a refusal."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0018_typed_codes_and_clock_skew"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="collection",
            name="before_refusal",
            field=models.JSONField(
                blank=True,
                help_text="What was known before the provider refused it, and the scopes then.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="failed_syncs",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="Failures that may pass, counted since the last sync that worked.",
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="retry_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it is tried again by itself after a failure that may pass.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                condition=models.Q(
                    ("retry_at__isnull", False), ("state__in", ("active", "degraded"))
                ),
                fields=["retry_at"],
                name="connection_retry_due",
            ),
        ),
    ]

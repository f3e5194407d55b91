"""Keep revocations that were given up; look for records by their ids in rotation."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0020_worker_leases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="collection",
            name="probed_until",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The last item that was looked for at the provider by its id.",
                max_length=255,
            ),
        ),
        migrations.AddField(
            model_name="pendingrevocation",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="FailedRevocation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("account_id", models.CharField(blank=True, max_length=255)),
                ("account_name", models.CharField(blank=True, max_length=255)),
                ("is_uninstall", models.BooleanField(default=False)),
                ("error", models.CharField(max_length=100)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "failed_at",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="failed_revocations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-failed_at",),
            },
        ),
    ]

"""Remember which accounts are being erased."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the mark of an account that is being erased."""

    dependencies = (
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("integrations", "0002_item_search"),
    )
    operations = (
        migrations.CreateModel(
            name="AccountErasure",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="erasure",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("begun_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "claimed_until",
                    models.DateTimeField(default=django.utils.timezone.now),
                ),
            ],
        ),
    )

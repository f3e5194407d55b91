"""Remember grants that another server has after their owner's account was deleted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Make a small table."""

    dependencies = (("integrations", "0047_handover"),)

    operations = (
        migrations.CreateModel(
            name="MovedGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("remote_id", models.CharField(max_length=255)),
                ("is_sandbox", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "remote_id", "is_sandbox"),
                        name="moved_grant_once_per_account",
                    )
                ],
            },
        ),
    )

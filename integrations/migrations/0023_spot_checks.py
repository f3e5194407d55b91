import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Record spot checks, and when they ask for a full refresh."""

    dependencies = [("integrations", "0022_links_as_of")]
    operations = [
        migrations.AddField(
            model_name="collection",
            name="full_refresh_wanted_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When spot checks found more wrong than chance explains.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="SpotCheck",
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
                ("number", models.PositiveIntegerField()),
                ("parts", models.PositiveIntegerField()),
                ("position", models.CharField(blank=True, max_length=255)),
                ("population", models.PositiveIntegerField()),
                ("checked", models.PositiveIntegerField(default=0)),
                ("differing", models.PositiveIntegerField(default=0)),
                ("missing", models.PositiveIntegerField(default=0)),
                ("requests", models.PositiveIntegerField(default=0)),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spot_checks",
                        to="integrations.collection",
                    ),
                ),
            ],
            options={
                "ordering": ("-began_at", "-id"),
                "indexes": [
                    models.Index(
                        fields=["collection", "-began_at"], name="spot_check_latest"
                    ),
                    models.Index(fields=["began_at"], name="spot_check_age"),
                ],
            },
        ),
    ]

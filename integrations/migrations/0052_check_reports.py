"""Keep what checks found on each machine."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("integrations", "0051_ordered_schemas"),)
    operations = (
        migrations.CreateModel(
            name="CheckReport",
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
                ("machine", models.CharField(blank=True, max_length=255)),
                ("name", models.CharField(max_length=60)),
                ("at", models.DateTimeField(db_index=True)),
                ("is_ok", models.BooleanField()),
                ("found", models.TextField(blank=True)),
                ("parts", models.JSONField(blank=True, default=dict)),
                ("facts", models.JSONField(blank=True, default=dict)),
                ("error", models.CharField(blank=True, max_length=100)),
                ("passed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("machine", "name"), name="one_report_of_a_check"
                    )
                ],
            },
        ),
    )

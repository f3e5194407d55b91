"""Tell what a sync has found out from what was changed at the provider."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Name a further kind of change; the column stays as it is."""

    dependencies = (("integrations", "0054_sorted_by_index"),)

    operations = (
        migrations.AlterField(
            model_name="itemchange",
            name="kind",
            field=models.CharField(
                choices=[
                    ("changed", "Changed"),
                    ("deleted", "Deleted"),
                    ("restored", "Restored"),
                    ("found", "Found out"),
                ],
                max_length=20,
            ),
        ),
    )

"""Have collections with own columns indexed once more when old processes are gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add a time that old code leaves empty."""

    dependencies = (("integrations", "0058_index_own_values"),)

    operations = (
        migrations.AddField(
            model_name="searchstate",
            name="repeat_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    )

"""Note which edits are cancelled, and let a bulk edit be undone again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("integrations", "0043_news_of_items"),)
    operations = (
        migrations.AddField(
            "edit",
            "cancelled_at",
            models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            "bulkedit",
            "undoes",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="undone",
                to="integrations.bulkedit",
            ),
        ),
        migrations.AddField(
            "import",
            "undoing",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="undone_imports",
                to="integrations.bulkedit",
            ),
        ),
    )

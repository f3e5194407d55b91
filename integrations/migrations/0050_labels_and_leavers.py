"""Keep the labels of links, and what a followed view showed when it was last told.

The columns may be empty, so that neither table is written anew, and the processes of
the release before can go on writing rows.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("integrations", "0049_newest_first"),)
    operations = (
        migrations.AddField(
            "follow", "shown", models.BinaryField(blank=True, null=True)
        ),
        migrations.AddField("follow", "left", models.JSONField(blank=True, null=True)),
        migrations.AddField(
            "itemlink", "label", models.CharField(blank=True, max_length=255, null=True)
        ),
    )

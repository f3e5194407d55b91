"""Schemas keep the order of options beside them; the column is as it was.

Those stored before have it when they are read again.
"""

from django.db import migrations

from integrations.models.ordered_json import OrderedJSONField


class Migration(migrations.Migration):
    dependencies = (("integrations", "0050_labels_and_leavers"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "collection", "schema", OrderedJSONField(blank=True, default=dict)
                )
            ],
        ),
    )

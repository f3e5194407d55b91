"""Find the audit of one subject.

Without a transaction around it, so that the index is built beside all use.
"""

from django.db import migrations, models

from integrations.migrations import _beside_use as beside_use


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("integrations", "0052_check_reports"),)
    operations = (
        beside_use.AddIndex(
            "auditevent",
            models.Index(fields=("subject", "-at"), name="audit_of_subject"),
        ),
    )

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FORMER, PRESENT = "spilled", "fallback_stored"


def rename(apps: Apps, *, before: str, after: str) -> None:
    attempts = apps.get_model("integrations", "RefreshAttempt")
    attempts.objects.filter(outcome=before).update(outcome=after)


def forwards(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    rename(apps, before=FORMER, after=PRESENT)


def backwards(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    rename(apps, before=PRESENT, after=FORMER)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0007_drop_columns_nobody_reads")]
    operations = [
        migrations.AlterField(
            "refreshattempt",
            "outcome",
            models.CharField(
                max_length=20,
                default="started",
                choices=[
                    ("started", "In progress"),
                    ("refreshed", "Refreshed"),
                    ("grant_rejected", "Grant refused"),
                    ("client_rejected", "This site was refused"),
                    ("request_rejected", "Request refused"),
                    ("conflict", "Refreshed elsewhere a moment ago"),
                    ("rate_limited", "Rate limited"),
                    ("server", "Provider error"),
                    ("not_sent", "Provider not reached"),
                    ("unknown", "Sent, no answer"),
                    ("malformed", "Unreadable answer"),
                    ("fallback_stored", "Refreshed, stored once the database was back"),
                    ("superseded", "Result not needed any more"),
                    ("abandoned", "Cut off"),
                ],
            ),
        ),
        migrations.RunPython(forwards, backwards),
    ]

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def remove_heartbeat(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Beat keeps what its settings no longer name, and would fill a queue."""
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    tasks.objects.filter(name="heartbeat.webhooks").delete()


class Migration(migrations.Migration):
    """Beat makes the row again by itself when the settings name it."""

    dependencies = [
        ("integrations", "0005_words_in_rows"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(remove_heartbeat, migrations.RunPython.noop)]

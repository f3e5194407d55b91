from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def remove_heartbeat(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Each tick of the schedule has a heartbeat of its own by now."""
    apps.get_model("integrations", "Heartbeat").objects.filter(
        name="scheduler"
    ).delete()


class Migration(migrations.Migration):
    """Remember when a wait was set; a run in flight has none and is due by its time."""

    dependencies = [("integrations", "0013_times_that_are_known")]
    operations = [
        migrations.AddField(
            model_name="syncrun",
            name="released_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When its last slice ended and set the wait.",
                null=True,
            ),
        ),
        migrations.RunPython(remove_heartbeat, migrations.RunPython.noop),
    ]

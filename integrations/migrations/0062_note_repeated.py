from django.db import migrations, models


class Migration(migrations.Migration):
    """Note what is indexed once more in a column that the release before leaves alone.

    The column that it takes the place of stays in the table, nullable, for that
    release, which marks in it what it has indexed again; a later one may drop it.
    """

    dependencies = [("integrations", "0061_definitions_beside_schema")]
    operations = [
        migrations.AddField(
            model_name="searchstate",
            name="repeated_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="searchstate", name="repeat_at")
            ]
        ),
    ]

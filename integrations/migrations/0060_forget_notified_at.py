from django.db import migrations


class Migration(migrations.Migration):
    """Forget a column that incidents took the place of.

    It stays in the table, empty and nullable, for the release before, which still
    names it in every statement; a later release may drop it.
    """

    dependencies = [("integrations", "0059_repeat_own_values")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="connection", name="notified_at")
            ]
        )
    ]

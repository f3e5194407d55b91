from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep when a user was here when they sign out, for their next session."""

    dependencies = [("integrations", "0065_index_all_digits")]
    operations = [
        migrations.AddField(
            model_name="preferences",
            name="visited_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the user was here before they last signed out.",
                null=True,
            ),
        )
    ]

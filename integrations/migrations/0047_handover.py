"""Remember by which export a connection was handed over from server to server."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add two nullable columns."""

    dependencies = (("integrations", "0046_incidents_told_before"),)

    operations = (
        migrations.AddField(
            model_name="connection",
            name="handover",
            field=models.UUIDField(
                blank=True,
                help_text=(
                    "The export by which it last left this server, or came to it."
                ),
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="paused_before_handover",
            field=models.CharField(
                blank=True,
                help_text="Why it was paused when it left this server.",
                max_length=60,
                null=True,
            ),
        ),
    )

"""Count the calls of spot checks by their run, and note why it has left texts unread."""

from django.db import migrations, models

from integrations.models.reasons import reason_choices


class Migration(migrations.Migration):
    dependencies = [("integrations", "0063_download_mistake")]
    operations = [
        migrations.AddField(
            model_name="syncrun",
            name="spot_check_requests",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="Those of its requests that spot checks made.",
            ),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="texts_left",
            field=models.CharField(
                blank=True,
                choices=reason_choices,
                db_default="",
                default="",
                help_text=(
                    "Why texts were left that no sync before has left: it may pass soon."
                ),
                max_length=40,
            ),
        ),
    ]

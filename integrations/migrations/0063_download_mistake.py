from django.db import migrations, models


class Migration(migrations.Migration):
    """Note at a large file which mistake of ours left values of it raw."""

    dependencies = [("integrations", "0062_note_repeated")]
    operations = [
        migrations.AddField(
            model_name="download",
            name="mistake",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=8
            ),
        )
    ]

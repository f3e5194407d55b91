"""Remember when a grant was issued."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("integrations", "0026_keyboard_shortcuts"),)

    operations = (
        migrations.AddField(
            model_name="credential",
            name="issued_at",
            field=models.DateTimeField(
                null=True,
                blank=True,
                help_text="When the provider answered with the grant, not with a renewal.",
            ),
        ),
    )

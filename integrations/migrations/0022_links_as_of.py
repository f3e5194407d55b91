from django.db import migrations, models


class Migration(migrations.Migration):
    """Remember as of when links are known, and where the pass over them is."""

    dependencies = [("integrations", "0021_failed_revocations")]
    operations = [
        migrations.AddField(
            model_name="collection",
            name="links_read_at",
            field=models.DateTimeField(
                blank=True,
                help_text="As of when the links of its items are known.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="collection",
            name="links_pass_began_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the pass over links under way began.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="collection",
            name="links_position",
            field=models.CharField(
                blank=True,
                help_text="The remote id that the pass over links has come to.",
                max_length=255,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="link_calls_paid_until",
            field=models.DateTimeField(
                blank=True,
                help_text="Each call for links moves it on by that call's share of"
                " a day.",
                null=True,
            ),
        ),
    ]

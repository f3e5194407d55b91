from django.db import migrations


class Migration(migrations.Migration):
    """What they held was written and never read; a reversal makes them empty."""

    dependencies = [("integrations", "0006_remove_webhooks_heartbeat")]
    operations = [
        migrations.RemoveField("collection", "last_read_at"),
        migrations.RemoveField("connection", "last_attempted_at"),
        migrations.RemoveField("credential", "attempt_version"),
        migrations.RemoveField("pendingrevocation", "last_error"),
        migrations.RemoveField("pendingrevocation", "token_type_hint"),
    ]

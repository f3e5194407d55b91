"""Open an incident for each connection whose user was mailed that it needs them.

So nobody is told a second time. Apart from its table, so that it can be repeated.
"""

from typing import Any

from django.db import migrations

from integrations.providers import SPECS


def open_told(apps: Any, schema_editor: Any) -> None:
    """Open incidents without messages for what was told before there were any."""
    incidents = apps.get_model("integrations", "Incident").objects
    told = apps.get_model("integrations", "Connection").objects.filter(
        state="needs_reconnect", notified_at__isnull=False
    )
    for connection in told.iterator():
        spec = SPECS.get(connection.provider)
        name = spec.name if spec else connection.provider
        account = connection.label or connection.account_name
        incidents.get_or_create(
            kind="needs_reconnect",
            subject=f"connection:{connection.pk}",
            resolved_at=None,
            defaults={
                "connection": connection,
                "title": f"{name} needs reconnecting: {account}"[:300],
                "opened_at": connection.state_since,
            },
        )


class Migration(migrations.Migration):
    dependencies = (("integrations", "0045_notices"),)
    operations = (migrations.RunPython(open_told, migrations.RunPython.noop),)

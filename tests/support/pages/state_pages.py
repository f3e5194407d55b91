"""Pages of a connection as a reader has them, and rows that they are made of."""

from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Collection, Connection, SyncRun
from tests.support.pages import shown
from tests.support.rows import NOON, make_collection, make_run


def badges(html: str) -> list[str]:
    """Return what stands in every badge of a page."""
    return [badge.text for badge in shown.badges(html)]


def page_of(client: Client, connection: Connection) -> str:
    """Return the connection's page."""
    return client.get(connection.get_absolute_url()).content.decode()


def live_of(client: Client, connection: Connection) -> str:
    """Return what its page asks for from time to time."""
    path = reverse("integrations:connection-progress", args=(connection.pk,))
    return client.get(path, headers={"HX-Request": "true"}).content.decode()


def save(row: Model, **values: Any) -> None:
    """Change a row behind the product's back."""
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def complete(
    connection: Connection, name: str = "Contacts", **values: Any
) -> Collection:
    """Make a collection that was read to its end."""
    return make_collection(
        connection,
        **{
            "remote_id": name.lower(),
            "name": name,
            "completeness": "complete",
            "last_full_refresh_at": NOON,
            **values,
        },
    )


def waiting_run(connection: Connection, code: str, **values: Any) -> SyncRun:
    """Make a run that waits for a reason and goes on in four minutes."""
    data = values.pop("data", {})
    return make_run(
        connection,
        state="running",
        started_at=timezone.now() - timedelta(minutes=1),
        due_at=timezone.now() + timedelta(minutes=4),
        reason=code,
        reason_data=data,
        progress={"1": {"name": "Contacts", "state": "waiting"}},
        **values,
    )

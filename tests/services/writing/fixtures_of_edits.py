"""Ask the sandbox's main portal about contacts, behind the product's back."""

import json
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User

from integrations.models import Collection, Connection, Edit, Item
from integrations.services.writing import delivery, outbox

PORTAL = "555111"


class Desk:
    """Alice's contacts, with editing on: take edits, deliver them, look what is there.

    What is looked at is the sandbox's own storage, not its API.
    """

    def __init__(self, connection: Connection, sandbox: Any) -> None:
        self.connection, self.sandbox = connection, sandbox

    @property
    def user(self) -> User:
        return self.connection.owner

    @property
    def contacts(self) -> Collection:
        return Collection.objects.select_related("connection").get(
            connection=self.connection, remote_id="contacts"
        )

    def item(self) -> Item:
        """Return a live contact that has an address."""
        live = Item.objects.live().filter(collection=self.contacts)
        return next(item for item in live if item.properties.get("email"))

    def update(self, item: Item, **values: Any) -> Edit:
        item.refresh_from_db()
        base = {name: item.properties.get(name) for name in values}
        made = outbox.update(item, values, base, user=self.user, key=uuid4())
        assert made is not None
        return made

    def create(self, **values: Any) -> Edit:
        return outbox.create(self.contacts, values, user=self.user, key=uuid4())

    def archive(self, item: Item) -> Edit:
        return outbox.archive(item, user=self.user, key=uuid4())

    def deliver(self, edit: Edit) -> Edit:
        """Let an edit be due, whoever had it, and deliver it once."""
        Edit.objects.filter(pk=edit.pk, state__in=Edit.OPEN).update(
            due_at=edit.created_at, lease_until=None
        )
        delivery.deliver(edit.pk)
        edit.refresh_from_db()
        return edit

    def finish(self, edit: Edit, *, most: int = 6) -> Edit:
        """Deliver an edit until its outcome is known."""
        for _ in range(most):
            self.deliver(edit)
            if not edit.is_open:
                break
        return edit

    def there(self, remote_id: str) -> dict[str, Any]:
        """Return what the portal holds of a contact."""
        [row] = self._rows("id = ?", int(remote_id))
        found: dict[str, Any] = json.loads(row["properties"])
        return found

    def with_address(self, address: str) -> list[str]:
        """Return the ids of all the portal's contacts with an address."""
        rows = self._rows("json_extract(properties, '$.email') = ?", address)
        return [str(row["id"]) for row in rows]

    def edit_there(self, remote_id: str, name: str, value: str) -> None:
        """Change a contact at the provider."""
        self.sandbox.client.order(
            "records/edit",
            portal=PORTAL,
            type="contacts",
            id=remote_id,
            property=name,
            value=value,
        )

    def _rows(self, where: str, *values: Any) -> list[Any]:
        found: list[Any] = self.sandbox.client.sandbox.storage.all(
            "SELECT * FROM hubspot_record WHERE portal = ? AND type = '0-1' AND "
            + where,
            PORTAL,
            *values,
        )
        return found

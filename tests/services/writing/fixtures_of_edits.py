"""Ask the sandbox's main portal about contacts, behind the product's back."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from types import FrameType
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User

from integrations.models import BulkEdit, Collection, Connection, Edit, Item
from integrations.services.writing import outbox
from integrations.services.writing.batches import bulk, bulk_delivery, bulk_rows
from integrations.services.writing.delivering import delivery

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

    def items(self) -> list[Item]:
        """Return all live contacts that are stored, in the order of their keys."""
        live = Item.objects.live().filter(collection=self.contacts)
        return list(live.order_by("pk"))

    def items_with(self, address: str) -> list[Item]:
        """Return the live contacts whose addresses begin so."""
        live = Item.objects.live().filter(collection=self.contacts)
        return list(live.filter(properties__email__startswith=address))

    def bulk(self, items: Sequence[Item], name: str, value: str) -> BulkEdit:
        """Have one value for all of some contacts previewed and confirmed."""
        keys = [item.pk for item in items]
        made = bulk.draft(self.contacts, keys, filters="", user=self.user)
        bulk.choose(made, bulk_rows.choosable_fields(self.contacts)[name], value)
        bulk.confirm(made, user=self.user, shown=made.shown)
        return made

    def deliver_bulk(self, made: BulkEdit) -> float | None:
        """Let what is open be due, whoever had it, and deliver one batch of it."""
        made.edits.open().update(due_at=made.created_at, lease_until=None)
        return bulk_delivery.deliver(made.pk)

    def finish_bulk(self, made: BulkEdit, *, most: int = 8) -> dict[str, int]:
        """Deliver a bulk edit to its end; return how many rows ended how."""
        for _ in range(most):
            self.deliver_bulk(made)
            for edit in made.edits.open().filter(is_sent_alone=True):
                self.finish(edit)
            if not made.edits.open().exists():
                break
        return dict(Counter(made.edits.values_list("state", flat=True)))

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
        self.sandbox.client.command(
            "records/edit",
            portal=PORTAL,
            type="contacts",
            id=remote_id,
            property=name,
            value=value,
        )

    def merge(self, item: Item, other: Item) -> None:
        """Merge two contacts at the provider, which makes a new one."""
        self.sandbox.client.command(
            "records/merge",
            portal=PORTAL,
            type="contacts",
            id=item.remote_id,
            other=other.remote_id,
        )

    def _rows(self, where: str, *values: Any) -> list[Any]:
        found: list[Any] = self.sandbox.client.sandbox.storage.all(
            "SELECT * FROM hubspot_record WHERE portal = ? AND type = '0-1' AND "
            + where,
            PORTAL,
            *values,
        )
        return found


class Killed(BaseException):
    """End a worker in the middle."""


class Reaper:
    """Count every statement and both ends of every call; kill at one of them."""

    def __init__(self, transport: Any, at: int) -> None:
        self.left, self.send = at, transport.send

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    def statement(self, execute: Any, *args: Any) -> Any:
        self.step()
        return execute(*args)

    def call(self, *args: Any) -> Any:
        self.step()
        answer = self.send(*args)
        self.step()
        return answer


class Sniper:
    """Count each instruction of the code that writes; kill at one of them."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __enter__(self) -> None:
        self.before = sys.gettrace()
        sys.settrace(self.enter)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self.before)

    def enter(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        """Follow a function that is entered, if it is one of those."""
        if "/integrations/services/writing/" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self.follow

    def follow(self, _frame: FrameType, event: str, _arg: Any) -> Any:
        """Count an instruction."""
        self.left -= event == "opcode"
        if self.left == 0:
            self.left = -1
            raise Killed
        return self.follow


class Intruder:
    """Change cities at the provider right before the first write of a kind."""

    def __init__(self, desk: Desk, part: str, cities: dict[str, str]) -> None:
        self.desk, self.part, self.cities = desk, part, cities
        self._send = desk.sandbox.send

    def send(self, request: Any, *args: Any) -> Any:
        if self.part in f"{request.method} {request.url}":
            for remote_id, city in self.cities.items():
                self.desk.edit_there(remote_id, "city", city)
            self.cities = {}
        return self._send(request, *args)

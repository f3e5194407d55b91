"""One attempt to deliver an edit, and what it compares."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from integrations.http.client import ApiClient
from integrations.models import Edit
from integrations.providers.capabilities import WritesItems
from integrations.providers.connector import CollectionContext
from integrations.providers.records import IntegrationItem
from integrations.providers.writing import RawValues, WritableField
from integrations.services.writing.delivering import lease


class Step(StrEnum):
    """How far a delivery got: what an error means depends on it."""

    READING = "reading"
    SENDING = "sending"
    ANSWERED = "answered"


def ignore() -> None:
    """Do nothing about a call: nobody else waits for it."""


def key_of(edit_id: int) -> str:
    """Return the key of an edit that is delivered by itself."""
    return f"edit {edit_id}"


@dataclass(kw_only=True)
class Delivery:
    """One attempt to deliver an edit, under its lease."""

    edit: Edit
    lease_id: UUID
    api: ApiClient
    writer: WritesItems
    context: CollectionContext
    fields: Mapping[str, WritableField]
    step: Step = Step.READING
    renewals: int = 0
    is_halfway: bool = False
    on_call: Callable[[], None] = ignore
    # None where an earlier delivery sent it: what that was is not known any more.
    sent: RawValues | None = None

    def __post_init__(self) -> None:
        self.api.before_send = self.renew

    @property
    def key(self) -> str:
        """Return the key of the edit, for the heartbeat."""
        return key_of(self.edit.pk)

    @property
    def work(self) -> tuple[int, float]:
        """Return how many calls were made, and how long was waited for them."""
        return self.api.calls, self.api.waited

    def renew(self) -> None:
        """Renew the lease, which every call begins with: a write may take several."""
        self.renewals += 1
        self.on_call()
        is_sending = self.step is Step.SENDING
        lease.renew(self.edit, self.lease_id, is_sending=is_sending)

    def fetch(self, remote_id: str) -> IntegrationItem | None:
        """Return an item as it is there now."""
        return self.writer.fetch_written(self.api, self.context, remote_id)

    def find_existing(self) -> str | None:
        """Return the id of what has the identity of a new item."""
        return self.writer.find_existing(self.api, self.context, self.edit.values)

    def note_sent(self) -> None:
        """Store that the next call writes."""
        lease.note_sent(self.edit, self.lease_id)
        self.step = Step.SENDING

    def differing(self, values: RawValues, there: RawValues) -> list[str]:
        """Return the names of values that are not there."""
        return differing(self.writer, self.fields, values, there)


def differing(
    writer: WritesItems,
    fields: Mapping[str, WritableField],
    values: RawValues,
    there: RawValues,
) -> list[str]:
    """Return the names of values that are not there."""

    def is_same(name: str, one: Any, other: Any) -> bool:
        field = fields.get(name)
        return one == other if field is None else writer.is_same(field, one, other)

    return [
        name
        for name, value in values.items()
        if not is_same(name, value, there.get(name))
    ]


def touched(
    writer: WritesItems,
    fields: Mapping[str, WritableField],
    edit: Edit,
    there: RawValues,
) -> list[str]:
    """Return the names of values that somebody changed since an undo looked at them.

    What its user archives on its own page has no base: that is archived as it is.
    """
    if not edit.base:
        return []
    known = {name: edit.base.get(name) for name in {**fields, **edit.base}}
    return differing(writer, fields, known, there)


def left_halfway(
    writer: WritesItems, edit: Edit, names: Iterable[str], there: RawValues
) -> set[str]:
    """Return the names of what a write of the edit's own left when it was cut off."""
    if not edit.may_have_arrived:
        return set()
    return {name for name in names if writer.is_halfway(name, there.get(name))}

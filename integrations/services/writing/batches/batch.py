"""Rows of a bulk edit that are delivered together, and how each of them ends."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError
from integrations.models import BulkEdit, Edit
from integrations.models.reasons import Reason, ReasonCode
from integrations.providers.capabilities import WritesManyItems
from integrations.providers.connector import CollectionContext
from integrations.providers.records import IntegrationItem
from integrations.providers.writing import RawValues, WritableField, Written
from integrations.services.common import queue
from integrations.services.common.errors import NoTokenError
from integrations.services.writing import trail
from integrations.services.writing.delivering import attempt, lease, outcomes
from integrations.services.writing.delivering.attempt import Step
from integrations.services.writing.undo import discarding


def key_of(edit: Edit) -> str:
    """Return the id of a row's item; a new one has none that lasts."""
    is_new = edit.verb == Edit.Verb.CREATE
    return str(edit.uuid) if is_new else edit.remote_id


@dataclass(kw_only=True)
class Batch:
    """Rows of one verb that are delivered together, under one lease, by their keys."""

    bulk: BulkEdit
    lease_id: UUID
    verb: Edit.Verb
    open: dict[str, Edit]
    api: ApiClient
    writer: WritesManyItems
    context: CollectionContext
    fields: Mapping[str, WritableField] = field(default_factory=dict)
    step: Step = Step.READING
    renewals: int = 0
    on_call: Callable[[], None] = attempt.ignore
    sent: set[str] = field(default_factory=set)
    # By the items' ids, which new ones have from then on.
    written: dict[str, Written] = field(default_factory=dict)
    changes: Mapping[str, RawValues] = field(default_factory=dict)
    # Those that an earlier call may have written, before the one that is sent.
    unsure: set[str] = field(default_factory=set)
    halfway: set[str] = field(default_factory=set)
    order_keys: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api.before_send = self.renew

    @property
    def key(self) -> str:
        """Return the key of the bulk edit, for the heartbeat."""
        return f"bulk edit {self.bulk.pk}"

    @property
    def work(self) -> tuple[int, float]:
        """Return how many calls were made, and how long was waited for them."""
        return self.api.calls, self.api.waited

    def renew(self) -> None:
        """Renew the lease of all rows, which every call begins with."""
        self.renewals += 1
        self.on_call()
        is_sending = self.step is Step.SENDING
        rows = list(self.open.values())
        lease.renew_many(rows, self.lease_id, is_sending=is_sending)

    def fetch(self, ids: Iterable[str]) -> Mapping[str, IntegrationItem]:
        """Return items as they are there now."""
        return self.writer.fetch_many(self.api, self.context, list(ids))

    def note_sent(self, keys: Iterable[str]) -> None:
        """Store that the next call writes these rows."""
        self.sent = set(keys)
        self.unsure = {key for key in self.sent if self.open[key].may_have_arrived}
        lease.note_sent_many([self.open[key] for key in self.sent], self.lease_id)
        self.step = Step.SENDING

    def differing(self, values: RawValues, there: RawValues) -> list[str]:
        """Return the names of values that are not there."""
        return attempt.differing(self.writer, self.fields, values, there)

    def end(self, edit: Edit, state: Edit.State, why: ReasonCode | None = None) -> None:
        """End a row and record it, in the caller's transaction."""
        reason = Reason(code=why) if why else None
        correlation = edit.correlation_id or self.api.correlation_id
        lease.end(
            edit,
            self.lease_id,
            state,
            reason,
            item=edit.item,
            remote_id=edit.remote_id,
            change=edit.change,
            theirs=edit.theirs,
            correlation_id=correlation,
        )
        trail.record(state.value, edit, reason=edit.reason)
        self.order_keys.append(edit.order_key)
        del self.open[key_of(edit)]

    def settle(
        self, edit: Edit, exc: ApiError | NoTokenError, *, is_sent: bool
    ) -> float:
        """Store what an error makes of one row; return how long it has to wait."""
        is_unsure = edit.may_have_arrived and not is_sent
        outcome = outcomes.outcome_of(
            edit,
            exc,
            is_sent=is_sent,
            is_unsure=is_unsure,
            is_halfway=key_of(edit) in self.halfway,
        )
        wait = outcomes.store_outcome(edit, self.lease_id, outcome)
        del self.open[key_of(edit)]
        return wait or 0.0

    def leave_refused_alone(self, edit: Edit) -> None:
        """Put a row back whose call was refused; an earlier one may have arrived."""
        is_unsure = key_of(edit) in self.unsure
        unsent = {"state": Edit.State.WAITING, "sent_at": None}
        self.leave_alone(edit, **({} if is_unsure else unsent))
        if not is_unsure:
            discarding.discard_cancelled(edit)

    def leave_alone(self, edit: Edit, **values: Any) -> None:
        """Put a row back, to be delivered by itself."""
        lease.release(edit, self.lease_id, is_sent_alone=True, **values)
        queue.send("deliver_edit", edit.pk)
        del self.open[key_of(edit)]

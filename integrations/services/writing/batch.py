"""Rows of a bulk edit that are delivered together, and how each of them ends."""

from collections.abc import Iterable, Mapping
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
from integrations.providers.writing import RawValues, WritableField
from integrations.services.common import queue
from integrations.services.common.errors import NoTokenError
from integrations.services.writing import delivery, lease, outbox, outcomes
from integrations.services.writing.delivery import Step


@dataclass(kw_only=True)
class Batch:
    """Rows that are delivered together, under one lease, by their items' ids."""

    bulk: BulkEdit
    lease_id: UUID
    open: dict[str, Edit]
    api: ApiClient
    writer: WritesManyItems
    context: CollectionContext
    fields: Mapping[str, WritableField] = field(default_factory=dict)
    step: Step = Step.READING
    sent: set[str] = field(default_factory=set)
    halfway: set[str] = field(default_factory=set)
    order_keys: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api.before_send = self.renew

    def renew(self) -> None:
        """Renew the lease of all rows, which every call begins with."""
        is_sending = self.step is Step.SENDING
        rows = list(self.open.values())
        lease.renew_many(rows, self.lease_id, is_sending=is_sending)

    def fetch(self, ids: Iterable[str]) -> Mapping[str, IntegrationItem]:
        """Return items as they are there now."""
        return self.writer.fetch_many(self.api, self.context, list(ids))

    def differing(self, values: RawValues, there: RawValues) -> list[str]:
        """Return the names of values that are not there."""
        return delivery.differing(self.writer, self.fields, values, there)

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
            change=edit.change,
            theirs=edit.theirs,
            correlation_id=correlation,
        )
        outbox.record(state.value, edit, reason=edit.reason)
        self.order_keys.append(edit.order_key)
        del self.open[edit.remote_id]

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
            is_halfway=edit.remote_id in self.halfway,
        )
        wait = delivery.store_outcome(edit, self.lease_id, outcome)
        del self.open[edit.remote_id]
        return wait or 0.0

    def leave_alone(self, edit: Edit, **values: Any) -> None:
        """Put a row back, to be delivered by itself."""
        lease.release(edit, self.lease_id, is_sent_alone=True, **values)
        queue.send("deliver_edit", edit.pk)
        del self.open[edit.remote_id]

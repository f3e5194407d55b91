"""Status of a connection: one decision, from facts, that every page shows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone
from msgspec import Struct

from integrations.models import Collection, Connection, SyncRun, times
from integrations.models.condition import Condition
from integrations.models.messages import wording
from integrations.models.reasons import ReasonCode, StateReason
from integrations.models.times import is_ahead
from integrations.providers import SPECS
from integrations.services.common.database.prepared import prepared
from integrations.services.common.sealing import crypto
from integrations.services.connections import next_steps
from integrations.services.connections.facts import (
    Facts,
    facts_of,
    is_latest,
    with_facts,
)
from integrations.services.connections.findings import findings
from integrations.services.connections.next_steps import Planned
from integrations.services.grants import credentials

SINCE = (
    Condition.TROUBLE,
    Condition.QUARANTINED,
    Condition.NEEDS_RECONNECT,
    Condition.PAUSED,
    Condition.DISCONNECTED,
    Condition.KEPT,
    Condition.MOVED,
)


class Status(Struct, frozen=True, kw_only=True):
    """What is shown of a connection, on whichever page.

    ``code`` is the reason behind the condition, ``sentence`` says it to users.
    """

    facts: Facts
    condition: Condition
    code: str
    sentence: str
    actions: frozenset[str]
    next_sync: Planned

    @property
    def item_count(self) -> int:
        """Return how many items are stored."""
        return self.facts.item_count

    def run_of(self, run: SyncRun) -> SyncRun:
        """Return a run as it is known here, if it is the one that is open."""
        known = self.facts.open_run
        return known if known is not None and known.pk == run.pk else run

    @property
    def word(self) -> str:
        """Return the word of the badge."""
        return str(self.condition.label)

    @property
    def tone(self) -> str:
        """Return the colour family of the badge."""
        is_routine = self.condition is Condition.WAITING and self.code in ROUTINE
        return "busy" if is_routine else self.condition.tone

    @property
    def since(self) -> datetime | None:
        """Return since when, for what is stored with its time."""
        is_stored = self.code == self.facts.connection.reason
        is_told = self.condition in SINCE and is_stored
        return self.facts.connection.state_since if is_told else None

    @property
    def goes_on(self) -> bool:
        """Tell whether it is read again, by itself or when its user asks for it."""
        run = self.facts.open_run
        return "sync" in self.actions or (run is not None and not run.is_ending)

    @property
    def clock_text(self) -> str:
        """Return by how much our clock differs from the provider's, if much."""
        seconds = self.facts.clock_skew_seconds
        if seconds is None:
            return ""
        return wording.clock_text(seconds, self.facts.connection.provider_name)

    @property
    def is_deleting(self) -> bool:
        """Tell whether what is stored is on its way out."""
        return self.condition in (Condition.DELETING, Condition.ERASING)

    @property
    def grant(self) -> str:
        """Return what became of the permission: granted, refused, ended or moved."""
        connection = self.facts.connection
        if connection.is_moved:
            return "moved"
        if self.condition is Condition.NEEDS_RECONNECT or not connection.is_connected:
            return "ended"
        return "refused" if connection.reason == StateReason.UNAUTHORIZED else "granted"

    @property
    def last_sync(self) -> Planned:
        """Return when it was synced last, or why that is not known."""
        at = self.facts.connection.last_synced_at
        if at is None:
            return Planned(text="Not yet" if self.facts.open_run else "Never")
        if is_ahead(at, self.facts.now):
            return Planned(text="Not known")
        return Planned(at=at)


# Waits that are part of every sync.
ROUTINE = (
    ReasonCode.RATE_LIMITED,
    ReasonCode.REFRESHING,
    ReasonCode.NOTHING_SHARED,
)


def put_status(
    connections: Iterable[Connection],
    known: Iterable[Collection] | None = None,
    known_runs: Iterable[SyncRun] | None = None,
) -> list[Any]:
    """Set ``status`` on each of the connections, and return them.

    ``known`` are all of their collections in order, where these were read already, and
    ``known_runs`` some of their runs: at least those that are open, and the latest.
    """
    rows: list[Any] = list(connections)
    found = facts_of(rows, known, known_runs)
    for row in rows:
        row.status = decide(found[row.pk])
    return rows


def read_accounts(user: User) -> tuple[list[Any], list[Collection]]:
    """Return the user's connections, with ``status``, and all of their collections.

    Each collection has its connection, and neither its schema nor its checkpoint.
    """
    prefixes = crypto.known_prefixes()
    known = {row.pk: row for row in _connections_of(user.pk, prefixes=prefixes)}
    # A connection that was made between the two statements is of the next page.
    found = [row for row in _collections_of(user.pk) if row.connection_id in known]
    return put_status(known.values(), found), found


@prepared(Connection)
def _connections_of(owner: int, *, prefixes: tuple[str, ...]) -> "QuerySet[Connection]":
    own = Connection.objects.owned_by(User(pk=owner))
    return with_facts(own, prefixes=prefixes)


def read_connection(
    user: User, pk: UUID, *, runs: int
) -> tuple[Any, list[Collection], list[SyncRun]] | None:
    """Return a connection of the user's with ``status``, None if that is not theirs.

    Beside it are its collections, without their schemas, and so many of its runs; it
    knows what may be shown of its credential.
    """
    told = _connection_of(user.pk, pk, prefixes=crypto.known_prefixes())
    if not told:
        return None
    found = _collections_in(pk)
    known = _history_of([pk], times.latest(timezone.now()), most=runs)
    put_status(told, found, known)
    return told[0], found, known[:runs]


@prepared(Connection)
def _connection_of(
    owner: int, pk: UUID, *, prefixes: tuple[str, ...]
) -> "QuerySet[Connection]":
    own = Connection.objects.owned_by(User(pk=owner)).filter(pk=pk).order_by()
    return credentials.with_facts(with_facts(own, prefixes=prefixes))


@prepared(Collection)
def _collections_in(connection: UUID) -> "QuerySet[Collection]":
    own = Collection.objects.filter(connection_id=connection)
    return own.defer("schema", "details")


@prepared(SyncRun)
def _history_of(
    keys: list[UUID], credible: datetime, *, most: int
) -> "QuerySet[SyncRun]":
    """Return the runs that were queued last, and with them what decides by them."""
    newest = SyncRun.objects.filter(connection__in=keys).values("pk")[:most]
    found = SyncRun.objects.filter(Q(pk__in=newest) | is_latest(keys, credible))
    return found.order_by("-queued_at", "-id")


@prepared(Collection)
def _collections_of(owner: int) -> "QuerySet[Collection]":
    own = Collection.objects.filter(connection__owner_id=owner)
    return own.defer("schema", "checkpoint", "details")


def waiting_for_user(rows: Iterable[Any]) -> list[Any]:
    """Return those of the connections whose status says that a permission is needed."""
    return [row for row in rows if row.status.condition is Condition.NEEDS_RECONNECT]


def status_of(connection: Connection) -> Status:
    """Return the status of one connection."""
    return decide(facts_of([connection])[connection.pk])


def decide(facts: Facts) -> Status:
    """Decide by the facts how a connection is; the first that holds is shown."""
    condition, code, why = next(findings(facts))
    spec = SPECS.get(facts.connection.provider)
    sentence = wording.condition_text(
        condition, facts.connection.provider_name, why=why
    )
    if condition is Condition.EMPTY and spec is not None:
        sentence = spec.empty_hint
    return Status(
        facts=facts,
        condition=condition,
        code=code,
        sentence=sentence,
        actions=frozenset(next_steps.actions(facts, condition)),
        next_sync=next_steps.next_sync(facts, condition),
    )

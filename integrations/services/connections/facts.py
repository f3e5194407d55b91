"""Facts that a connection's status is decided by, fetched for many at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.models import (
    AccountErasure,
    Collection,
    Connection,
    Credential,
    ProviderState,
    SyncRun,
    times,
)
from integrations.models.connection import ConnectionQuerySet
from integrations.models.reasons import StateReason
from integrations.models.times import is_ahead
from integrations.services.common.database.prepared import prepared
from integrations.services.common.sealing import crypto

COLUMNS = (
    "connection_id",
    "name",
    "is_selected",
    "misses",
    "held_deletions",
    "stored_count",
    "completeness",
    "reason",
    "reason_data",
    "blocked_until",
    "before_refusal",
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a connection at one time.

    ``run`` is the open one, else the latest; ``collections`` are those that the
    provider still shows.
    """

    connection: Connection
    now: datetime
    run: SyncRun | None = None
    collections: Sequence[Collection] = ()
    item_count: int = 0
    provider_state: ProviderState | None = None
    is_key_known: bool = True
    is_erasing: bool = False

    @property
    def provider_paused_until(self) -> datetime | None:
        """Return until when nobody here calls the provider, None if anybody may."""
        state = self.provider_state
        is_paused = state is not None and state.is_paused
        return state.paused_until if state is not None and is_paused else None

    @property
    def clock_skew_seconds(self) -> int | None:
        """Return by how much our clock is ahead of the provider's, if much."""
        state = self.provider_state
        return state.clock_skew_seconds if state is not None else None

    @property
    def is_configured(self) -> bool:
        """Tell whether anybody can give a permission of this provider here."""
        provider = settings.PROVIDERS.get(self.connection.provider)
        return provider is not None and provider.is_configured

    @property
    def selected(self) -> list[Collection]:
        """Return the collections that are to be read."""
        return [each for each in self.collections if each.is_selected]

    @property
    def open_run(self) -> SyncRun | None:
        """Return the run that has not ended."""
        return self.run if self.run is not None and self.run.is_open else None

    @property
    def retry_at(self) -> datetime | None:
        """Return when a sync that failed is tried again by itself, if it is."""
        at = self.connection.retry_at
        is_quarantined = self.connection.reason == StateReason.QUARANTINED
        if at is None or self.open_run is not None or is_quarantined:
            return None
        # A clock was ahead when it was planned; the sweep makes it due.
        return self.now if is_ahead(at, self.now, longest=SyncRun.LONGEST_WAIT) else at

    @property
    def attempt(self) -> int:
        """Return which attempt the next sync is since the last one that worked."""
        return self.connection.failed_syncs + 1

    @property
    def ended_run(self) -> SyncRun | None:
        """Return the latest run when it has ended and belongs to this grant."""
        run = self.run
        is_current = run is not None and run.generation == self.connection.generation
        return run if run is not None and is_current and not run.is_open else None


def facts_of(
    connections: Iterable[Connection], known: Iterable[Collection] | None = None
) -> dict[UUID, Facts]:
    """Return the facts of each connection, in as many statements for one as for all.

    ``known`` are all of their collections in order, where these were read already.
    """
    rows, now = list(connections), timezone.now()
    keys = [row.pk for row in rows]
    collections, unreadable = _collections(rows, known), _unreadable(keys)
    runs, states, erasing = _runs(rows, now), _states(rows), _erasing(rows)
    wrong = {row.pk for row in rows if row.reason == StateReason.SITE_KEY_WRONG}
    for key in (unreadable | wrong) & set(runs):
        runs[key].has_key = False
    return {
        row.pk: Facts(
            connection=row,
            now=now,
            run=runs.get(row.pk),
            collections=[each for each in collections[row.pk] if each.is_shown],
            item_count=sum(each.stored_count for each in collections[row.pk]),
            provider_state=states.get(row.provider),
            is_key_known=row.pk not in unreadable,
            is_erasing=row.owner_id in erasing,
        )
        for row in rows
    }


def needing_user(user: AbstractBaseUser | AnonymousUser) -> ConnectionQuerySet:
    """Return the connections of a user that wait for a new permission."""
    return Connection.objects.owned_by(user).connected().filter(needs_user())


def needs_user() -> Q:
    """Return the condition that a connection waits for a new permission."""
    is_unreadable = Q(credential__isnull=False) & ~_readable(
        crypto.known_prefixes(), "credential__"
    )
    is_needed = Q(state=Connection.State.NEEDS_RECONNECT) | is_unreadable
    return is_needed & ~Q(reason=StateReason.SITE_KEY_WRONG)


def _collections(
    rows: Sequence[Connection], known: Iterable[Collection] | None
) -> Mapping[UUID, list[Collection]]:
    keys = {row.pk: row for row in rows}
    found: dict[UUID, list[Collection]] = defaultdict(list)
    for each in _collections_of(list(keys)) if known is None else known:
        each.connection = keys[each.connection_id]
        found[each.connection_id].append(each)
    return found


@prepared(Collection)
def _collections_of(keys: list[UUID]) -> "QuerySet[Collection]":
    return Collection.objects.filter(connection__in=keys).only(*COLUMNS)


def _runs(rows: Sequence[Connection], now: datetime) -> dict[UUID, SyncRun]:
    """Return of each connection the open run, else the latest."""
    keys = {row.pk: row for row in rows}
    runs: dict[UUID, SyncRun] = {}
    for run in _runs_of(list(keys), times.latest(now)):
        run.connection = keys[run.connection_id]
        known = runs.get(run.connection_id)
        if known is None or not known.is_open:
            runs[run.connection_id] = run
    return runs


@prepared(SyncRun)
def _runs_of(keys: list[UUID], credible: datetime) -> "QuerySet[SyncRun]":
    newest = (
        SyncRun.objects.filter(connection=OuterRef("pk"))
        .order_by("-queued_at", "-id")
        .values("pk")
    )
    # A run that a clock ahead has dated is not the latest for that.
    past = newest.exclude(queued_at__gt=credible)
    latest = Coalesce(Subquery(past[:1]), Subquery(newest[:1]))
    own = Connection.objects.filter(pk__in=keys).order_by()
    found = SyncRun.objects.filter(
        Q(pk__in=own.annotate(latest=latest).values("latest"))
        | Q(connection__in=keys, state__in=SyncRun.OPEN)
    )
    return found.order_by("queued_at", "id")


def _states(rows: Sequence[Connection]) -> dict[str, ProviderState]:
    providers = sorted({row.provider for row in rows})
    return {state.provider: state for state in _states_of(providers)}


@prepared(ProviderState)
def _states_of(providers: list[str]) -> "QuerySet[ProviderState]":
    return ProviderState.objects.filter(pk__in=providers)


def _unreadable(keys: list[UUID]) -> set[UUID]:
    return set(_sealed_otherwise(keys, known=crypto.known_prefixes()))


@prepared(Credential)
def _sealed_otherwise(
    keys: list[UUID], *, known: Sequence[str]
) -> "QuerySet[Credential, UUID]":
    rows = Credential.objects.filter(connection__in=keys).exclude(_readable(known))
    return rows.values_list("connection_id", flat=True)


def _readable(known: Sequence[str], prefix: str = "") -> Q:
    """Return the condition that today's keys sealed a credential's tokens.

    ``known`` is what begins that which they sealed.
    """
    access, refresh = Q(pk__in=()), Q(**{f"{prefix}refresh_token": ""})
    for start in known:
        access |= Q(**{f"{prefix}access_token__startswith": start})
        refresh |= Q(**{f"{prefix}refresh_token__startswith": start})
    return access & refresh


def _erasing(rows: Sequence[Connection]) -> set[int]:
    """Return whose account is being deleted; none of theirs is connected any more."""
    owners = {row.owner_id for row in rows if not row.is_connected}
    if not owners:
        return set()
    found = AccountErasure.objects.filter(user__in=owners)
    return set(found.values_list("user_id", flat=True))

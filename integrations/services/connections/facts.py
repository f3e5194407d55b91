"""Facts that a connection's status is decided by, fetched for many at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from msgspec import Struct

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

# What a connection that was read ``with_facts`` knows besides its own columns.
KEY_UNKNOWN, ERASING = "is_key_unknown", "is_owner_erased"
STATE = ("paused_until", "since", "clock_skew_seconds")
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


class Facts(Struct, frozen=True, kw_only=True):
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


def with_facts(
    connections: ConnectionQuerySet, *, prefixes: Sequence[str]
) -> ConnectionQuerySet:
    """Return connections with what else decides about them, by the same question.

    ``prefixes`` are those of all that today's keys have sealed.
    """
    own = Credential.objects.filter(connection=OuterRef("pk"))
    state = ProviderState.objects.filter(pk=OuterRef("provider"))
    told = {f"provider_{name}": Subquery(state.values(name)) for name in STATE}
    erasures = AccountErasure.objects.filter(user=OuterRef("owner"))
    return connections.annotate(
        **{
            KEY_UNKNOWN: Exists(own.exclude(_readable(prefixes))),
            ERASING: Exists(erasures),
            **told,
        }
    )


def facts_of(
    connections: Iterable[Connection],
    known: Iterable[Collection] | None = None,
    known_runs: Iterable[SyncRun] | None = None,
) -> dict[UUID, Facts]:
    """Return the facts of each connection, in as many statements for one as for all.

    ``known`` are all of their collections in order, where these were read already, and
    ``known_runs`` some of their runs: at least those that are open, and the latest.
    """
    rows, now = list(connections), timezone.now()
    collections, runs = _collections(rows, known), _runs(rows, now, known_runs)
    unreadable, states, erasing = _unreadable(rows), _states(rows), _erasing(rows)
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


def _runs(
    rows: Sequence[Connection], now: datetime, found: Iterable[SyncRun] | None
) -> dict[UUID, SyncRun]:
    """Return of each connection the open run, else the latest.

    A run that a clock ahead has dated is not the latest for that.
    """
    keys, credible = {row.pk: row for row in rows}, times.latest(now)
    runs: dict[UUID, SyncRun] = {}
    places: dict[UUID, tuple[bool, bool, datetime, UUID]] = {}
    for run in _runs_of(list(keys), credible) if found is None else found:
        key = run.connection_id
        run.connection = keys[key]
        place = (run.is_open, run.queued_at <= credible, run.queued_at, run.pk)
        if key not in places or place > places[key]:
            runs[key], places[key] = run, place
    return runs


@prepared(SyncRun)
def _runs_of(keys: list[UUID], credible: datetime) -> "QuerySet[SyncRun]":
    found = SyncRun.objects.filter(is_latest(keys, credible))
    return found.order_by("queued_at", "id")


def is_latest(keys: list[UUID], credible: datetime) -> Q:
    """Return the condition that a run is open or the latest of its connection.

    A run that was queued after ``credible`` is the latest only where all are.
    """
    newest = (
        SyncRun.objects.filter(connection=OuterRef("pk"))
        .order_by("-queued_at", "-id")
        .values("pk")
    )
    past = newest.exclude(queued_at__gt=credible)
    latest = Coalesce(Subquery(past[:1]), Subquery(newest[:1]))
    own = Connection.objects.filter(pk__in=keys).order_by()
    return Q(pk__in=own.annotate(latest=latest).values("latest")) | Q(
        connection__in=keys, state__in=SyncRun.OPEN
    )


def _states(rows: Sequence[Connection]) -> dict[str, ProviderState]:
    told = {row.provider: vars(row) for row in rows if KEY_UNKNOWN in vars(row)}
    found = {
        provider: ProviderState(
            provider=provider, **{name: row[f"provider_{name}"] for name in STATE}
        )
        for provider, row in told.items()
        if row["provider_since"] is not None
    }
    providers = sorted({row.provider for row in rows} - set(told))
    asked = _states_of(providers) if providers else []
    return found | {state.provider: state for state in asked}


@prepared(ProviderState)
def _states_of(providers: list[str]) -> "QuerySet[ProviderState]":
    return ProviderState.objects.filter(pk__in=providers)


def _unreadable(rows: Sequence[Connection]) -> set[UUID]:
    told = {row.pk: vars(row).get(KEY_UNKNOWN) for row in rows}
    keys = [key for key, is_unknown in told.items() if is_unknown is None]
    asked = _sealed_otherwise(keys, known=crypto.known_prefixes()) if keys else []
    return {key for key, is_unknown in told.items() if is_unknown} | set(asked)


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
    gone = [row for row in rows if not row.is_connected]
    told = {row.owner_id for row in gone if vars(row).get(ERASING)}
    owners = {row.owner_id for row in gone if ERASING not in vars(row)}
    if not owners:
        return told
    found = AccountErasure.objects.filter(user__in=owners)
    return told | set(found.values_list("user_id", flat=True))

"""Fetch what changed in a user's items, newest first, by keyset."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import (
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.models import Collection, Connection, Item, ItemChange, SyncRun
from integrations.models.accounts.preferences import Preferences
from integrations.services.items.history.change_query import (
    KINDS,
    ChangeQuery,
    Position,
)

PAGE_SIZE = 50
# Of what no index answers, so many changes of each connection are looked through.
LOOKED_AT = 5000
UNSEEN_LIMIT = 1000
# Before all changes.
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
# A run notes when it ended after its last change.
RUN_ENDS = timedelta(seconds=2)
# A change is stored so much later than its time says, at most as a rule.
SETTLES = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """The changes of one page with their items, and the page after it.

    ``looked_until`` is how far was looked for what is rare, where that was not the end.
    """

    changes: Sequence[ItemChange]
    next: ChangeQuery | None
    looked_until: datetime | None = None


def fetch_page(
    query: ChangeQuery,
    connections: Iterable[Connection],
    *,
    run: SyncRun | None = None,
    seen_at: datetime | None = None,
) -> ChangePage:
    """Return the page that a query stands at, of some connections' changes.

    ``run`` is the one that the query names, ``seen_at`` the user's own mark.
    """
    within = _within(query, run, seen_at)
    keys = [each.pk for each in connections if is_within(each, query, run)]
    parts = {key: _ordered(within.filter(connection=key)) for key in keys}
    wanted = [_filtered(query, rows) for rows in parts.values()]
    found, horizon = _fetch(wanted)[: PAGE_SIZE + 1], None
    if query.is_scanned and len(found) <= PAGE_SIZE:
        horizon = _horizon(parts.values())
    if horizon is not None:
        found = [each for each in found if (each.at, each.pk) >= horizon]
    page = found[:PAGE_SIZE]
    _put_items(page)
    after = horizon
    if len(found) > PAGE_SIZE:
        after, horizon = Position(page[-1].at, page[-1].pk), None
    return ChangePage(
        changes=page,
        next=replace(query, after=after) if after else None,
        looked_until=horizon.at if horizon else None,
    )


def is_within(connection: Connection, query: ChangeQuery, run: SyncRun | None) -> bool:
    """Tell whether a connection may hold what the query filters for."""
    if query.run and (run is None or run.connection_id != connection.pk):
        return False
    is_provider = query.provider in ("", connection.provider)
    return is_provider and query.connection in (None, connection.pk)


def count_unseen(
    connections: Sequence[Connection], seen_at: datetime | None
) -> tuple[int, bool]:
    """Count what changed since a user's mark, and say whether there is more."""
    if seen_at is None:
        return 0, False
    rows = ItemChange.objects.made().filter(
        connection__in=connections, at__gt=seen_at, at__lte=settled_until()
    )
    number = rows.order_by()[: UNSEEN_LIMIT + 1].count()
    return min(number, UNSEEN_LIMIT), number > UNSEEN_LIMIT


def settled_until() -> datetime:
    """Return the time up to which no more changes are to come.

    What came late, with a time before the mark, would never show as unseen.
    """
    return timezone.now() - SETTLES


def mark_seen(user: User, until: datetime) -> None:
    """Note that a user has read the changes up to a time; it never goes back."""
    row, _ = Preferences.objects.get_or_create(user=user)
    is_earlier = Q(changes_seen_at__isnull=True) | Q(changes_seen_at__lt=until)
    Preferences.objects.filter(is_earlier, pk=row.pk).update(changes_seen_at=until)


def _within(
    query: ChangeQuery, run: SyncRun | None, seen_at: datetime | None
) -> QuerySet[ItemChange]:
    """Return the changes of the time that is asked for."""
    has_found = query.item or query.kind == ItemChange.Kind.FOUND
    rows = ItemChange.objects.all() if has_found else ItemChange.objects.made()
    if bounds := query.day_bounds:
        rows = rows.filter(at__gte=bounds[0], at__lt=bounds[1])
    if query.item:
        rows = rows.filter(item__uuid=query.item)
    if query.is_unseen and seen_at is not None:
        rows = rows.filter(at__gt=seen_at, at__lte=settled_until())
    if run is not None and run.started_at is not None:
        rows = rows.filter(at__gte=run.started_at)
        if run.finished_at is not None:
            rows = rows.filter(at__lte=run.finished_at + RUN_ENDS)
    if query.after:
        at, key = query.after
        rows = rows.filter(Q(at=at, pk__lt=key) | Q(at__lt=at), at__lte=at)
    return rows


def _ordered(rows: QuerySet[ItemChange]) -> QuerySet[ItemChange]:
    return rows.order_by("-at", "-pk")


def _filtered(query: ChangeQuery, rows: QuerySet[ItemChange]) -> QuerySet[ItemChange]:
    """Return those of the first changes that the query asks for.

    In the order of an index, in which a database stops when a page is full.
    """
    if not query.is_scanned:
        return rows[: PAGE_SIZE + 1]
    # Of each row by itself: joined with them, PostgreSQL reads all items in the order
    # of their keys.
    item = Item.objects.filter(pk=OuterRef("item")).values("type")[:1]
    exact: Mapping[str, object] = {
        "type": query.type,
        "kind__in": KINDS.get(query.kind, ()),
        "run": query.run,
        "fields__has_key": query.field,
    }
    wanted = {name: value for name, value in exact.items() if value}
    last = Subquery(rows.values("at")[LOOKED_AT - 1 : LOOKED_AT])
    found = rows.alias(type=Subquery(item)).filter(**wanted)
    return found.filter(at__gte=Coalesce(last, BEGIN))[: PAGE_SIZE + 1]


def _fetch(parts: Iterable[QuerySet[ItemChange]]) -> list[ItemChange]:
    """Return changes of several connections, the latest first, by one statement."""
    halves = [each.query.sql_with_params() for each in parts]
    if not halves:
        return []
    statement = " UNION ALL ".join(f"SELECT * FROM ({sql}) AS c" for sql, _ in halves)
    parameters = [value for _, values in halves for value in values]
    rows = list(ItemChange.objects.raw(statement, parameters))
    rows.sort(key=lambda row: (row.at, row.pk), reverse=True)
    return rows


def _horizon(parts: Iterable[QuerySet[ItemChange]]) -> Position | None:
    """Return the latest of the changes at which looking ended, if it ended early."""
    ends = _fetch(rows[LOOKED_AT - 1 : LOOKED_AT] for rows in parts)
    return Position(ends[0].at, ends[0].pk) if ends else None


def _put_items(changes: Sequence[ItemChange]) -> None:
    """Fetch what changes belong to."""
    collections = Collection.objects.with_schema()
    items = Item.objects.prefetch_related(Prefetch("collection", queryset=collections))
    prefetch_related_objects(
        changes, Prefetch("item", queryset=items), "run", "edit__created_by"
    )
    for change in changes:
        change.item.connection = change.item.collection.connection

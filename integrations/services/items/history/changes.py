"""Fetch what changed in a user's items, newest first, by keyset."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.db import connection as database
from django.db.models import (
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Connection, Edit, Item, ItemChange, SyncRun
from integrations.models.accounts.preferences import Preferences
from integrations.services.items.history import arrivals
from integrations.services.items.history.change_query import (
    KINDS,
    UNSEEN,
    ChangeQuery,
    Position,
)
from integrations.services.items.history.change_times import is_within_time

PAGE_SIZE = 50
# Of what no index answers, so many changes of each connection are looked through.
LOOKED_AT = 5000
UNSEEN_LIMIT = 1000
# Before all changes.
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


class ChangePage(Struct, frozen=True, kw_only=True):
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
    since: datetime | None = None,
) -> ChangePage:
    """Return the page that a query stands at, of some connections' changes.

    ``run`` is the one that the query names, ``since`` the time that its word stands
    for. What came is among them, as changes that are not stored.
    """
    within = _within(query, run, since)
    held = [each for each in connections if is_within(each, query, run)]
    keys = [each.pk for each in held] if query.has_changes else []
    parts = {key: _ordered(within.filter(connection=key)) for key in keys}
    found, horizon = _fetch(query, parts.values())
    if len(found) > PAGE_SIZE:
        horizon = None
    if query.has_new and held:
        is_full = len(found) > PAGE_SIZE
        came = arrivals.find(
            query, held, run, since, back_to=found[-1].at if is_full else None
        )
        found = _merged(found, came)
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
    """Count what changed or came since a user's mark, and say whether there is more."""
    if seen_at is None or not connections:
        return 0, False
    unseen = ChangeQuery(since=UNSEEN)
    changes = ItemChange.objects.made().filter(
        is_within_time(unseen, "at", None, seen_at), connection__in=connections
    )
    came = arrivals.select(unseen, connections, None, seen_at)
    parts = [rows.order_by()[: UNSEEN_LIMIT + 1] for rows in (changes, *came)]
    statement, parameters = arrivals.together([rows.values("pk") for rows in parts])
    with database.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({statement}) AS u", parameters)
        number = cursor.fetchone()[0]
    return min(number, UNSEEN_LIMIT), number > UNSEEN_LIMIT


def mark_seen(user: User, until: datetime) -> None:
    """Note that a user has read the changes up to a time; it never goes back."""
    row, _ = Preferences.objects.get_or_create(user=user)
    is_earlier = Q(changes_seen_at__isnull=True) | Q(changes_seen_at__lt=until)
    Preferences.objects.filter(is_earlier, pk=row.pk).update(changes_seen_at=until)


def _within(
    query: ChangeQuery, run: SyncRun | None, since: datetime | None
) -> QuerySet[ItemChange]:
    """Return the changes of the time that is asked for."""
    has_found = query.item or query.kind == ItemChange.Kind.FOUND
    rows = ItemChange.objects.all() if has_found else ItemChange.objects.made()
    rows = rows.filter(is_within_time(query, "at", run, since))
    if query.item:
        rows = rows.filter(item__uuid=query.item)
    if query.after:
        at, key = query.after
        rows = rows.filter(Q(at=at, pk__lt=key) | Q(at__lt=at), at__lte=at)
    return rows


def _merged(
    changes: Sequence[ItemChange], came: Sequence[ItemChange]
) -> list[ItemChange]:
    """Return both in their order, not more than one above a page."""
    rows = [*changes, *came]
    rows.sort(key=lambda row: (row.at, row.pk), reverse=True)
    return rows[: PAGE_SIZE + 1]


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


def _fetch(
    query: ChangeQuery, parts: Iterable[QuerySet[ItemChange]]
) -> tuple[list[ItemChange], Position | None]:
    """Return the latest changes of several connections, by one statement.

    Beside them is the latest of the changes at which looking ended, if it ended early.
    """
    asked = [(_filtered(query, rows), 0) for rows in parts]
    if query.is_scanned:
        asked += [(rows[LOOKED_AT - 1 : LOOKED_AT], 1) for rows in parts]
    if not asked:
        return [], None
    told = [(rows.query.sql_with_params(), is_end) for rows, is_end in asked]
    statement = " UNION ALL ".join(
        f"SELECT c.*, {is_end} AS is_end FROM ({sql}) AS c" for (sql, _), is_end in told
    )
    parameters = [value for (_, values), _ in told for value in values]
    rows = list(ItemChange.objects.raw(statement, parameters))
    ends = _merged([row for row in rows if vars(row)["is_end"]], ())
    horizon = Position(ends[0].at, ends[0].pk) if ends else None
    return _merged([row for row in rows if not vars(row)["is_end"]], ()), horizon


def _put_items(changes: Sequence[ItemChange]) -> None:
    """Fetch what changes belong to, but for the collections of their items.

    Of a run it is told which one it was, and nothing else.
    """
    edits = Edit.objects.select_related("created_by")
    prefetch_related_objects(changes, "item", Prefetch("edit", queryset=edits))
    runs = {key: SyncRun(pk=key) for key in {change.run_id for change in changes}}
    for change in changes:
        if change.run_id is not None:
            change.run = runs[change.run_id]

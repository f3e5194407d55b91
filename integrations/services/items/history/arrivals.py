"""What came to a user's items: no change is stored of it, and it is told as one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.models import Connection, Item, ItemChange, SyncRun
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.history.change_query import NEW, ChangeQuery
from integrations.services.items.history.change_times import bounds_of, is_within_time

# One more than a page of changes holds.
MOST = 51


def find(
    query: ChangeQuery,
    connections: Sequence[Connection],
    run: SyncRun | None,
    since: datetime | None,
    *,
    back_to: datetime | None,
) -> list[ItemChange]:
    """Return the first that came behind the position of a query, as changes."""
    behind = Q()
    if query.after:
        at, key = query.after
        later = Q(new_at=at, pk__gt=-key) | Q(new_at__lt=at)
        behind = Q(later, new_at__lte=at)
    if back_to is not None:
        behind &= Q(new_at__gte=back_to)
    parts = (rows.filter(behind) for rows in select(query, connections, run, since))
    latest = [each.order_by("-new_at", "pk")[:MOST].only("new_at") for each in parts]
    came = Item.objects.raw(*together(latest))
    # Behind all changes of the same time, which have keys of their own.
    return [
        ItemChange(pk=-each.pk, item_id=each.pk, at=each.new_at, kind=NEW)
        for each in came
        if each.new_at
    ]


def together(parts: Sequence[QuerySet[Any, Any]]) -> tuple[str, tuple[Any, ...]]:
    """Return the statement for the rows of several, each with its own limit."""
    told = [part.query.sql_with_params() for part in parts]
    statement = " UNION ALL ".join(f"SELECT * FROM ({sql}) AS p" for sql, _ in told)
    return statement, tuple(value for _, values in told for value in values)


def select(
    query: ChangeQuery,
    connections: Sequence[Connection],
    run: SyncRun | None,
    since: datetime | None,
) -> list[ItemQuerySet]:
    """Return the items that came: those that are there, and those that went since."""
    exact: Mapping[str, object] = {
        "provider": query.provider,
        "connection": query.connection or (run.connection_id if run else None),
        "type": query.type,
        "uuid": query.item,
    }
    own = Item.objects.filter(owner_id=connections[0].owner_id)
    came = own.filter(
        is_within_time(query, "new_at", run, since),
        new_at__isnull=False,
        **{name: value for name, value in exact.items() if value},
    )
    kept_since = timezone.now() - timedelta(days=settings.HISTORY_DAYS)
    start = bounds_of(query, run, since)[0] or kept_since
    return [came.live(), came.filter(deleted_at__gte=start)]

"""Say which spot checks are due, and how many calls they may make now."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import OuterRef, Q, Subquery, Sum
from django.utils import timezone

from integrations.models import Collection, Connection, SpotCheck, times
from integrations.models.collection import Completeness
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import ReadsItems
from integrations.services.sync.calls import budget
from integrations.services.sync.refresh.context import connector_of, context_of
from integrations.services.sync.spot_checks import results, sample

# Of the calls of a day.
SHARE = 0.01
# Half way between two full refreshes at their usual pace, and then once a day.
FIRST_AFTER, EVERY = timedelta(hours=12), timedelta(days=1)
# Runs that were queued before are not looked through.
LONGEST_RUN = timedelta(days=7)
NEVER = datetime.min.replace(tzinfo=UTC)
# Of one run.
LEAST_CALLS, MOST_CALLS = 10, 200


def calls_a_day(connection: Connection) -> int:
    """Return how many calls a day the checks may make; 0 means that they are off."""
    return int(budget.calls_a_day(connection) * SHARE)


def is_on(connection: Connection) -> bool:
    """Tell whether there are spot checks: the plan has calls enough for any."""
    connector: object = CONNECTORS.get(connection.provider)
    return isinstance(connector, ReadsItems) and calls_a_day(connection) >= 1


def calls_now(connection: Connection) -> int:
    """Return how many calls this run may make: its part of what the day has left.

    A day is any 24 hours, so that wherever the provider's begins no more are made.
    """
    a_day = calls_a_day(connection)
    now = timezone.now()
    # What a run checks comes last in it.
    ended_lately = Q(finished_at__isnull=True) | Q(finished_at__gte=now - EVERY)
    spent = (
        connection.runs.filter(ended_lately, queued_at__gte=now - LONGEST_RUN)
        .exclude(times.ahead("finished_at", now))
        .order_by()
        .aggregate(calls=Sum("spot_check_requests"))["calls"]
    )
    interval = timedelta(minutes=connection.sync_interval_minutes)
    part = max(LEAST_CALLS, round(a_day * (interval / EVERY)))
    return min(a_day - (spent or 0), part, MOST_CALLS)


def due(connection: Connection) -> Iterator[tuple[Collection, SpotCheck]]:
    """Yield the collections whose check is under way or due, each with that check.

    Who waits longest comes first; what a collection needs is only looked up in its
    turn, because there may be thousands.
    """
    now = timezone.now()
    known = SpotCheck.objects.exclude(times.ahead("began_at", now))
    latest = known.filter(collection=OuterRef("pk")).order_by("-began_at")
    chosen = list(
        connection.collections.filter(
            is_selected=True,
            misses__lt=Collection.MOST_MISSES,
            watermark__isnull=False,
            first_full_refresh_at__lt=now - FIRST_AFTER,
            stored_count__gt=0,
        )
        .filter(
            Q(blocked_until__isnull=True)
            | times.come("blocked_until", now, longest=Collection.LONGEST_BLOCK)
        )
        .exclude(completeness=Completeness.NO_PERMISSION)
        .annotate(latest_check=Subquery(latest.values("pk")[:1]))
        .select_related("connection")
    )
    checks = SpotCheck.objects.in_bulk([each.latest_check for each in chosen])
    pairs = [(each, checks.get(each.latest_check)) for each in chosen]
    pairs.sort(key=lambda pair: pair[1].began_at if pair[1] else NEVER)
    # A call brings the more the fuller it is; where there are more collections than
    # calls a day, some wait for the next one.
    most_calls = max(1.0, _most_calls(connection) / max(1, len(chosen)))
    for collection, check in pairs:
        if check is not None and not _is_over(check, now):
            if check.ended_at is None:
                yield collection, check
        elif per_call := items_per_call(collection):
            most = most_calls * per_call
            yield collection, _begin(collection, check, most=most, now=now)


def items_per_call(collection: Collection) -> int:
    """Return how many items of a collection a call brings, 0 where it cannot."""
    connector: object = connector_of(collection)
    if not isinstance(connector, ReadsItems):
        return 0
    return connector.items_per_call(context_of(collection))


def _is_over(check: SpotCheck, now: datetime) -> bool:
    """Tell whether the next check is due; one that never ended is given up."""
    patience = EVERY if check.ended_at is not None else results.PERIOD
    return times.is_over(check.began_at, patience, now)


def _most_calls(connection: Connection) -> float:
    """Return how many calls a day the checks come to at the connection's interval."""
    runs = EVERY / timedelta(minutes=connection.sync_interval_minutes)
    return min(calls_a_day(connection), MOST_CALLS * max(1.0, runs))


def _begin(
    collection: Collection, last: SpotCheck | None, *, most: float, now: datetime
) -> SpotCheck:
    """Return the next check, which is stored with its first step."""
    return SpotCheck(
        collection=collection,
        number=last.number + 1 if last else 0,
        parts=sample.parts_for(collection.stored_count, most=most),
        population=collection.stored_count,
        began_at=now,
    )

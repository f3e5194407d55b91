"""What the runs of a user's connections are doing, and have done."""

from datetime import date, datetime

from django.contrib.auth.models import User
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from integrations.models import SyncRun


def first_read_since(user: User, since: datetime) -> int:
    """Return how many items were read for the first time by runs that ran since then.

    Runs that go on are among them, with what they have stored so far.
    """
    has_run = Q(finished_at__gte=since) | ~Q(state=SyncRun.State.FINISHED)
    runs = SyncRun.objects.filter(has_run, connection__owner=user)
    return runs.order_by().aggregate(n=Sum("first_read"))["n"] or 0


def outcomes_by_day(user: User, since: datetime) -> dict[date, dict[str, int]]:
    """Return how many runs ended how, by the days of whoever looks."""
    runs = SyncRun.objects.filter(connection__owner=user, finished_at__gte=since)
    rows = (
        runs.order_by()
        .annotate(day=TruncDate("finished_at"))
        .values_list("day", "outcome")
        .annotate(number=Count("pk"))
    )
    found: dict[date, dict[str, int]] = {}
    for day, outcome, number in rows:
        found.setdefault(day, {})[outcome] = number
    return found

"""What the runs of a user's connections are doing, and have done."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import QuerySet, Sum

from integrations.models import SyncRun


def open_runs(user: User) -> QuerySet[SyncRun]:
    """Return the runs that have not ended."""
    runs = SyncRun.objects.filter(connection__owner=user)
    return runs.exclude(state=SyncRun.State.FINISHED).select_related("connection")


def first_read_since(user: User, since: datetime) -> int:
    """Return how many items have been read for the first time since then."""
    runs = SyncRun.objects.filter(connection__owner=user, finished_at__gte=since)
    return runs.order_by().aggregate(n=Sum("first_read"))["n"] or 0

"""Calls that each connection has made: today, and in this month, in UTC.

They are counted beside the runs, because a sum over all runs of a month takes minutes.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from integrations.models import Connection
from integrations.providers import CONNECTORS
from integrations.services.sync.calls import budget

# Of a quota, from which on it is said to be nearly used.
NEARLY = 0.8


def note(connection_id: UUID, calls: int) -> None:
    """Add calls to those of today and of this month."""
    if not calls:
        return
    today = timezone.now().date()
    is_today = Q(calls_on=today)
    is_this_month = Q(calls_on__gte=today.replace(day=1), calls_on__lte=today)
    Connection.objects.filter(pk=connection_id).update(
        calls_today=Case(
            When(is_today, then=F("calls_today") + calls), default=Value(calls)
        ),
        calls_this_month=Case(
            When(is_this_month, then=F("calls_this_month") + calls),
            default=Value(calls),
        ),
        calls_on=today,
    )


def nearly_used(now: datetime) -> Q:
    """Select the connections that have nearly used the calls of a day or a month."""
    today, found = now.date(), Q(pk__in=())
    for slug, connector in CONNECTORS.items():
        if connector.calls_a_day is not None:
            is_many = Q(calls_today__gte=int(connector.calls_a_day * NEARLY))
            found |= Q(provider=slug, calls_on=today) & is_many
        smallest = budget.smallest_plan(slug)
        for plan in budget.plans_of(slug):
            if plan.calls is None:
                continue
            # A plan that nobody has said is taken to be the smallest.
            names = [plan.slug, ""] if plan == smallest else [plan.slug]
            found |= Q(
                provider=slug,
                plan__in=names,
                calls_on__gte=today.replace(day=1),
                calls_this_month__gte=int(plan.calls * NEARLY),
            )
    return found

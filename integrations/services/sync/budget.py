"""Spend few of a month's calls until the user says which plan the account has.

Where a provider limits the calls of a month by plan, an account whose plan is not
said may have the smallest one, and share its calls with everything else its owner
uses. So much is known only after the first full refresh; until then half is left.
"""

from datetime import UTC, datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from integrations.models import Connection
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import EstimatesCost, Plan


def estimator_of(connection: Connection) -> EstimatesCost | None:
    """Return what estimates costs, where the provider limits the calls of a month."""
    connector: object = CONNECTORS.get(connection.provider)
    return connector if isinstance(connector, EstimatesCost) else None


def plans_of(connection: Connection) -> tuple[Plan, ...]:
    """Return the provider's plans, none where calls of a month are not limited."""
    estimator = estimator_of(connection)
    return tuple(estimator.plans) if estimator else ()


def smallest_plan(connection: Connection) -> Plan | None:
    """Return the plan with the fewest calls a month, None without any limit."""
    limited = [plan for plan in plans_of(connection) if plan.calls is not None]
    return min(limited, key=lambda plan: plan.calls or 0, default=None)


def calls_left(connection: Connection) -> int | None:
    """Return how many calls first refreshes may still make this month, None for any."""
    smallest = smallest_plan(connection)
    if connection.plan or smallest is None or smallest.calls is None:
        return None
    runs = connection.runs.filter(queued_at__gte=_month(timezone.now())).order_by()
    used = runs.aggregate(calls=Sum("requests"))["calls"] or 0
    return max(0, smallest.calls // 2 - used)


def next_month(now: datetime) -> datetime:
    """Return when the calls of a month are counted anew."""
    return _month(_month(now) + timedelta(days=32))


def _month(now: datetime) -> datetime:
    first = now.astimezone(UTC).replace(day=1)
    return first.replace(hour=0, minute=0, second=0, microsecond=0)

"""Spare the calls of a month where a provider limits them by plan.

They are shared with everything else that the owner of the account uses. What reading
costs is known only after the first full refresh; until then half of them is left. An
account whose plan nobody has said is taken to have the smallest one.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from integrations.models import Connection
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import EstimatesCost, Plan

LONGEST_MONTH_DAYS = 31
TENS_OF_SECONDS_A_DAY = 8640
# Where a provider's limit is not known, a call a second is taken to be granted.
UNKNOWN_RATE_LIMIT = 10


def estimator_of(provider: str) -> EstimatesCost | None:
    """Return what estimates costs, where the provider limits the calls of a month."""
    connector: object = CONNECTORS.get(provider)
    return connector if isinstance(connector, EstimatesCost) else None


def plans_of(provider: str) -> tuple[Plan, ...]:
    """Return the provider's plans, none where calls of a month are not limited."""
    estimator = estimator_of(provider)
    return tuple(estimator.plans) if estimator else ()


def plan_of(provider: str, slug: str) -> Plan | None:
    """Return the provider's plan of that name, None if there is none."""
    return next((p for p in plans_of(provider) if p.slug == slug), None)


def smallest_plan(provider: str) -> Plan | None:
    """Return the plan with the fewest calls a month, None without any limit."""
    limited = [plan for plan in plans_of(provider) if plan.calls is not None]
    return min(limited, key=lambda plan: plan.calls or 0, default=None)


def calls_left(connection: Connection) -> int | None:
    """Return how many calls first refreshes may still make this month, None for any."""
    slug = connection.provider
    plan = plan_of(slug, connection.plan) or smallest_plan(slug)
    if plan is None or plan.calls is None:
        return None
    runs = connection.runs.filter(queued_at__gte=_month(timezone.now())).order_by()
    used = runs.aggregate(calls=Sum("requests"))["calls"] or 0
    return max(0, plan.calls // 2 - used)


def calls_a_day(connection: Connection) -> float:
    """Return how many calls a day the provider grants: by the plan, else by its limits.

    They bound what is asked beside the syncs. A plan that nobody has said is the
    smallest one.
    """
    slug = connection.provider
    plan = plan_of(slug, connection.plan) or smallest_plan(slug)
    if plan is not None and plan.calls is not None:
        return plan.calls / LONGEST_MONTH_DAYS
    connector = CONNECTORS[slug]
    if connector.calls_a_day is not None:
        return connector.calls_a_day
    rate_limit = settings.PROVIDERS[slug].rate_limit
    return (rate_limit or UNKNOWN_RATE_LIMIT) * TENS_OF_SECONDS_A_DAY


def next_month(now: datetime) -> datetime:
    """Return when the calls of a month are counted anew."""
    return _month(_month(now) + timedelta(days=32))


def _month(now: datetime) -> datetime:
    first = now.astimezone(UTC).replace(day=1)
    return first.replace(hour=0, minute=0, second=0, microsecond=0)

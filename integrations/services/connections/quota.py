"""Estimate an account's calls a month, and find a schedule that fits its quota.

A mistake in the connector's sums is a ConnectorError.
"""

from collections.abc import Collection as Some
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from integrations.models import Collection, Connection, Item
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import Estimate, EstimatesCost, Plan, Schedule
from integrations.providers.kinds import DeletionKind
from integrations.services.common.connector_errors import connector_boundary


def plans_of(connection: Connection) -> tuple[Plan, ...]:
    """Return the provider's plans, none where calls of a month are not limited."""
    estimator = estimator_of(connection)
    return tuple(estimator.plans) if estimator else ()


def plan_of(connection: Connection, slug: str) -> Plan | None:
    """Return the provider's plan of that name, None if there is none."""
    return next((p for p in plans_of(connection) if p.slug == slug), None)


def estimator_of(connection: Connection) -> EstimatesCost | None:
    """Return what estimates costs, where the provider limits the calls of a month."""
    connector: object = CONNECTORS.get(connection.provider)
    return connector if isinstance(connector, EstimatesCost) else None


def estimate(connection: Connection) -> Estimate | None:
    """Return what each collection costs in calls a month as things are."""
    estimator = estimator_of(connection)
    if estimator is None:
        return None
    counts = counts_of(connection)
    hours = connection.full_refresh_hours or settings.FULL_REFRESH_HOURS
    with connector_boundary("estimate", connection=connection.pk):
        return estimator.estimate(
            counts,
            interval_minutes=connection.sync_interval_minutes,
            full_refresh_hours=hours,
        )


@dataclass(frozen=True, kw_only=True)
class Overrun:
    """A schedule needs more calls a month than its plan has.

    ``is_said`` tells the plan the user named from the smallest there is.
    """

    calls: int
    plan: Plan
    is_said: bool


def overrun(connection: Connection) -> Overrun | None:
    """Return by how much the schedule overruns the plan; unsaid, the smallest one."""
    said = plan_of(connection, connection.plan)
    limited = [p for p in plans_of(connection) if p.calls is not None]
    plan = said or min(limited, key=lambda p: p.calls or 0, default=None)
    found = estimate(connection)
    chosen = connection.collections.filter(
        is_selected=True, misses__lt=Collection.MOST_MISSES
    ).values_list("remote_id", flat=True)
    if found is None or plan is None or plan.calls is None or not chosen:
        return None
    calls = found.total(chosen)
    if calls <= plan.calls:
        return None
    return Overrun(calls=calls, plan=plan, is_said=said is not None)


def fitting_schedule(
    connection: Connection, plan: Plan | None, *, chosen: Some[str]
) -> Schedule | None:
    """Return the best schedule that a plan has calls for, where the present has not.

    None as well without a limit, and when no schedule fits.
    """
    estimator, present = estimator_of(connection), estimate(connection)
    if estimator is None or present is None or plan is None or plan.calls is None:
        return None
    if present.total(chosen) <= plan.calls:
        return None
    counts = counts_of(connection)
    known = [key for key in chosen if key in counts]
    with connector_boundary("fitting_schedule", connection=connection.pk):
        return estimator.fitting_schedule(counts, chosen=known, quota=plan.calls)


def counts_of(connection: Connection) -> dict[str, int]:
    """Return how many items each collection has, or had before it was left out."""
    listed = connection.collections.filter(misses__lt=Collection.MOST_MISSES)
    left_out = Item.objects.filter(
        collection__in=listed.filter(is_selected=False).order_by(),
        deleted_kind=DeletionKind.DESELECTED,
    )
    had = dict(
        left_out.order_by()
        .values_list("collection__remote_id")
        .annotate(number=Count("pk"))
    )
    return {
        remote_id: max(remote or 0, stored, had.get(remote_id, 0))
        for remote_id, remote, stored in listed.values_list(
            "remote_id", "remote_count", "stored_count"
        )
    }


def set_plan(connection: Connection, plan: Plan | None) -> None:
    """Store which plan the user is on; another one has another quota to try."""
    slug = plan.slug if plan else ""
    if slug == connection.plan:
        return
    connection.plan = slug
    connection.save(update_fields=["plan"])
    connection.collections.update(blocked_until=None)


def use_schedule(connection: Connection, schedule: Schedule) -> None:
    """Read a connection by a schedule from now on, without a call right now."""
    wait = timedelta(minutes=schedule.interval_minutes)
    Connection.objects.filter(pk=connection.pk).update(
        sync_interval_minutes=schedule.interval_minutes,
        full_refresh_hours=schedule.full_refresh_hours,
        next_sync_at=timezone.now() + wait,
    )

"""Estimate an account's calls a month, and find a schedule that fits its quota.

A mistake in the connector's sums is a ConnectorError.
"""

import math
from collections.abc import Collection as Some
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from msgspec import Struct

from integrations.models import Collection, Connection, Item, SyncRun
from integrations.models.reasons import ReasonCode
from integrations.providers.capabilities import Estimate, Plan, Schedule
from integrations.providers.kinds import DeletionKind
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.database.row_locks import lock_collections
from integrations.services.sync import runs
from integrations.services.sync.calls import budget

# How an account is read until its plan is said, or while that is the smallest one.
CAREFUL_MINUTES, CAREFUL_HOURS = 24 * 60, 30 * 24
# What tells whether a collection is offered and read.
OFFERED = ("is_selected", "misses")


def estimate(
    connection: Connection, known: Sequence[Collection] | None = None
) -> Estimate | None:
    """Return what each collection costs in calls a month as things are.

    ``known`` are all of its collections, where these were read already.
    """
    estimator = budget.estimator_of(connection.provider)
    if estimator is None:
        return None
    counts = counts_of(connection, known)
    hours = connection.full_refresh_hours or settings.FULL_REFRESH_HOURS
    with connector_boundary("estimate", connection=connection.pk):
        return estimator.estimate(
            counts,
            interval_minutes=connection.sync_interval_minutes,
            full_refresh_hours=hours,
        )


class Overrun(Struct, frozen=True, kw_only=True):
    """A schedule needs more calls a month than its plan has.

    ``is_said`` tells the plan the user named from the smallest there is.
    """

    calls: int
    plan: Plan
    is_said: bool


def overrun(
    connection: Connection, known: Sequence[Collection] | None = None
) -> Overrun | None:
    """Return by how much the schedule overruns the plan; unsaid, the smallest one.

    ``known`` are all of its collections, where these were read already.
    """
    said = budget.plan_of(connection.provider, connection.plan)
    plan = said or budget.smallest_plan(connection.provider)
    listed = _listed(connection, known)
    found = estimate(connection, listed)
    chosen = [each.remote_id for each in listed if each.is_selected]
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
    estimator, present = budget.estimator_of(connection.provider), estimate(connection)
    if estimator is None or present is None or plan is None or plan.calls is None:
        return None
    if present.total(chosen) <= plan.calls:
        return None
    counts = counts_of(connection)
    known = [key for key in chosen if key in counts]
    with connector_boundary("fitting_schedule", connection=connection.pk):
        return estimator.fitting_schedule(counts, chosen=known, quota=plan.calls)


def counts_of(
    connection: Connection, known: Sequence[Collection] | None = None
) -> dict[str, int]:
    """Return how many items each collection has, or had before it was left out.

    ``known`` are all of its collections, where these were read already.
    """
    listed = _listed(connection, known)
    unselected = [each.pk for each in listed if not each.is_selected]
    left_out = Item.objects.filter(
        collection__in=unselected, deleted_kind=DeletionKind.DESELECTED
    )
    had = dict(
        left_out.order_by().values_list("collection").annotate(number=Count("pk"))
    )
    return {
        each.remote_id: max(
            each.remote_count or 0, each.stored_count, had.get(each.pk, 0)
        )
        for each in listed
    }


def _listed(
    connection: Connection, known: Sequence[Collection] | None
) -> list[Collection]:
    """Return the collections that the provider still shows."""
    if known is None:
        own = connection.collections.order_by()
        known = list(own.only("remote_id", "remote_count", "stored_count", *OFFERED))
    return [each for each in known if each.misses < Collection.MOST_MISSES]


def begin(connection: Connection, plan: str) -> None:
    """Give a new connection its plan, if that is one, and a schedule to begin with."""
    smallest = budget.smallest_plan(connection.provider)
    said = budget.plan_of(connection.provider, plan)
    connection.plan = said.slug if said else ""
    if smallest is not None and said in (None, smallest):
        connection.sync_interval_minutes = CAREFUL_MINUTES
        connection.full_refresh_hours = CAREFUL_HOURS


def schedule_for(
    connection: Connection, plan: Plan | None, *, chosen: Some[str]
) -> Schedule | None:
    """Return the schedule that a plan asks for, None where the present one may stay.

    One that was chosen for its cost gives way to the usual one where the plan has
    calls enough; one that costs too much to the best that fits.
    """
    if not _is_careful(connection) or plan in (
        None,
        budget.smallest_plan(connection.provider),
    ):
        return fitting_schedule(connection, plan, chosen=chosen)
    usual = Connection(
        pk=connection.pk, provider=connection.provider, plan=connection.plan
    )
    found = fitting_schedule(usual, plan, chosen=chosen)
    if found is not None:
        return found
    costs = estimate(usual)
    return Schedule(
        interval_minutes=usual.sync_interval_minutes,
        full_refresh_hours=math.ceil(settings.FULL_REFRESH_HOURS),
        calls=costs.total(chosen) if costs else 0,
    )


def is_plan_unknown(connection: Connection) -> bool:
    """Tell whether saying the plan would let a connected account be read better."""
    return (
        connection.is_connected
        and not connection.plan
        and budget.smallest_plan(connection.provider) is not None
    )


def _is_careful(connection: Connection) -> bool:
    present = (connection.sync_interval_minutes, connection.full_refresh_hours)
    return present == (CAREFUL_MINUTES, CAREFUL_HOURS)


def set_plan(connection: Connection, plan: Plan | None) -> None:
    """Store which plan the user is on; another one has another quota to try.

    What waited for that to be said is read on at once.
    """
    slug = plan.slug if plan else ""
    if slug == connection.plan:
        return
    connection.plan = slug
    with transaction.atomic():
        connection.save(update_fields=["plan"])
        lock_collections(connection.collections.all())
        waiting = connection.collections.filter(reason=ReasonCode.PLAN_UNKNOWN)
        has_waited = waiting.exists()
        connection.collections.update(blocked_until=None)
    if has_waited and connection.is_syncable:
        runs.request_sync(connection, trigger=SyncRun.Trigger.USER)


def use_schedule(connection: Connection, schedule: Schedule) -> None:
    """Read a connection by a schedule from now on, without a call right now."""
    wait = timedelta(minutes=schedule.interval_minutes)
    Connection.objects.filter(pk=connection.pk).update(
        sync_interval_minutes=schedule.interval_minutes,
        full_refresh_hours=schedule.full_refresh_hours,
        next_sync_at=timezone.now() + wait,
    )

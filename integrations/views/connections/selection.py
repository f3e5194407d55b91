"""Choose which collections are synced, and show what that costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods

from integrations.models import Collection, Connection
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import GroupsCollections, Place, Plan
from integrations.services.connections import quota, selection
from integrations.services.sync import budget
from integrations.views.access import UserRequest, get_connection
from integrations.views.connections.schedule import full_refresh_text, interval_text

SAVE = "save"


@dataclass(kw_only=True)
class Choice:
    """What there is to choose from, and what a user has ticked so far.

    ``offered`` are the collections that were on the page they saw.
    """

    connection: Connection
    collections: Sequence[Collection]
    offered: Sequence[Collection]
    ticked: set[UUID]
    plan: Plan | None

    @classmethod
    def read(cls, connection: Connection, request: UserRequest) -> "Choice":
        """Read a form, or what is stored when none was sent."""
        listed = connection.collections.filter(misses__lt=Collection.MOST_MISSES)
        collections = list(listed.defer("schema"))
        choice = cls(
            connection=connection,
            collections=collections,
            offered=collections,
            ticked={c.pk for c in collections if c.is_selected},
            plan=quota.plan_of(connection, connection.plan),
        )
        if request.method == "POST":
            shown_at = parse_datetime(request.POST.get("shown_at", ""))
            is_aware = shown_at is not None and timezone.is_aware(shown_at)
            until = shown_at if shown_at and is_aware else timezone.now()
            choice.offered = [c for c in collections if c.created_at <= until]
            sent = set(request.POST.getlist("collections"))
            choice.tick((c for c in choice.offered if str(c.pk) in sent), only=True)
            choice.plan = quota.plan_of(connection, request.POST.get("plan", ""))
        return choice

    def tick(self, wanted: Iterable[Collection], *, only: bool = False) -> None:
        """Tick what is wanted; ``only`` that, of all that was offered."""
        if only:
            self.ticked -= {c.pk for c in self.offered}
        self.ticked |= {c.pk for c in wanted}

    def press(self, button: str) -> None:
        """Do what a button says: all or none, of everything or of one group."""
        word, _, group = button.partition(":")
        meant = [c for c in self.offered if not group or _group_id(c) == group]
        if word == "all":
            self.tick(meant)
        elif word == "none":
            self.ticked -= {c.pk for c in meant}

    @property
    def remote_ids(self) -> list[str]:
        """Return the remote ids of what is ticked."""
        return [c.remote_id for c in self.collections if c.pk in self.ticked]


@require_http_methods(["GET", "HEAD", "POST"])
def connection_collections(request: UserRequest, pk: UUID) -> HttpResponse:
    """Offer every collection with a box, and keep what is ticked.

    Any other button shows the form again, with boxes and sums as it asks.
    """
    connection = get_connection(request, pk)
    choice = Choice.read(connection, request)
    if request.method == "POST":
        action = request.POST.get("action", SAVE)
        if action == SAVE:
            return _save(request, choice)
        choice.press(action)
    context = {
        "connection": connection,
        "groups": list(_groups(choice)),
        "shown_at": timezone.now().isoformat(),
        "chosen": len(choice.ticked),
        "cost": _cost(choice),
    }
    return render(request, "connections/connection_collections.html", context)


def _save(request: UserRequest, choice: Choice) -> HttpResponse:
    connection = choice.connection
    schedule = quota.schedule_for(connection, choice.plan, chosen=choice.remote_ids)
    quota.set_plan(connection, choice.plan)
    added, left_out = selection.select_collections(
        connection,
        choice.ticked,
        offered={c.pk for c in choice.offered},
        actor=request.user,
    )
    told = "The choice is saved."
    if added:
        told += f" {added:,} more will be read."
    if left_out:
        told += f" {left_out:,} deselected; their items are being deleted here."
    if choice.plan is not None and schedule is not None:
        quota.use_schedule(connection, schedule)
        told += (
            f" So that it fits your {choice.plan.name} plan, changes are looked for"
            f" {_lower(schedule.interval_minutes)} from now on."
        )
    messages.success(request, told)
    return redirect(connection)


def _lower(minutes: int) -> str:
    return interval_text(minutes).lower()


def _place(collection: Collection) -> Place | None:
    connector: object = CONNECTORS.get(collection.connection.provider)
    if not isinstance(connector, GroupsCollections):
        return None
    return connector.place_of(collection.details)


def _group_id(collection: Collection) -> str:
    place = _place(collection)
    return place.group_id if place else ""


def _groups(choice: Choice) -> Iterable[dict[str, Any]]:
    """Return the collections by the part of the account that they belong to."""
    found = quota.estimate(choice.connection)
    counts = quota.counts_of(choice.connection)
    groups: dict[str, dict[str, Any]] = {}
    for collection in choice.collections:
        place = _place(collection)
        key = place.group_id if place else ""
        name = place.group if place else ""
        group = groups.setdefault(key, {"id": key, "name": name, "rows": []})
        group["rows"].append(
            {
                "id": collection.pk,
                "name": place.name if place else collection.name,
                "is_ticked": collection.pk in choice.ticked,
                "count": counts.get(collection.remote_id, 0),
                "is_read": collection.last_full_refresh_at is not None,
                "calls": found.collections.get(collection.remote_id) if found else None,
            }
        )
    return groups.values()


def _cost(choice: Choice) -> dict[str, Any] | None:
    """Return what is ticked costs a month, and what would fit the plan."""
    connection, plan = choice.connection, choice.plan
    found = quota.estimate(connection)
    estimator = budget.estimator_of(connection)
    if found is None or estimator is None:
        return None
    total = found.total(choice.remote_ids)
    calls = plan.calls if plan else None
    fitting = quota.fitting_schedule(connection, plan, chosen=choice.remote_ids)
    return {
        "plans": [
            {"slug": p.slug, "name": p.name, "calls": p.calls, "selected": p is plan}
            for p in estimator.plans
        ],
        "plan": plan,
        "total": total,
        "listing": found.listing,
        "fits": None if calls is None else total <= calls,
        "schedule": _lower(connection.sync_interval_minutes),
        "full_refresh": full_refresh_text(connection.full_refresh_hours).lower(),
        "fitting": fitting,
        "fitting_schedule": _lower(fitting.interval_minutes) if fitting else "",
        "fitting_full_refresh": full_refresh_text(fitting.full_refresh_hours).lower()
        if fitting
        else "",
        "quota_description": estimator.quota_description,
    }

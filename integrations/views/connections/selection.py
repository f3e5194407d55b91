"""Choose which collections are synced, and show what that costs."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods
from msgspec import Struct

from integrations.models import Collection, Connection, times
from integrations.models.messages import wording
from integrations.models.reasons import ReasonCode
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import (
    CollectionGroup,
    Estimate,
    GroupsCollections,
    Plan,
)
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.connections import quota, selection
from integrations.services.connections.naming import collection_names
from integrations.services.sync.calls import budget
from integrations.views.access import UserRequest, get_connection
from integrations.views.connections.schedule import full_refresh_text, interval_text

SAVE = "save"


class Choice(Struct, kw_only=True):
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
            plan=budget.plan_of(connection.provider, connection.plan),
        )
        if request.method == "POST":
            now = timezone.now()
            until = times.read_time(request.POST.get("shown_at", "")) or now
            choice.offered = [
                c
                for c in collections
                # When those of a clock ahead were made is not known; they were there.
                if c.created_at <= until or times.is_ahead(c.created_at, now)
            ]
            sent = set(request.POST.getlist("collections"))
            choice.tick((c for c in choice.offered if str(c.pk) in sent), only=True)
            choice.plan = budget.plan_of(
                connection.provider, request.POST.get("plan", "")
            )
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
    try:
        found = quota.estimate(connection)
        cost = _cost(choice, found)
    except ConnectorError as exc:
        found, cost = None, _unknown_cost(choice, exc)
    context = {
        "connection": connection,
        "groups": list(_groups(choice, found)),
        "shown_at": timezone.now().isoformat(),
        "chosen": len(choice.ticked),
        "cost": cost,
    }
    return render(request, "connections/connection_collections.html", context)


def _save(request: UserRequest, choice: Choice) -> HttpResponse:
    connection, schedule, mistake = choice.connection, None, ""
    chosen = choice.remote_ids
    try:
        schedule = quota.schedule_for(connection, choice.plan, chosen=chosen)
    except ConnectorError as exc:
        mistake = wording.connector_text(exc.reference, wording.SCHEDULE_UNKNOWN)
    before = connection.sync_interval_minutes
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
        of_it = "it" if left_out == 1 else "them"
        told += f" {left_out:,} deselected; what was read of {of_it} is deleted here."
    if choice.plan is not None and schedule is not None:
        quota.use_schedule(connection, schedule)
        often, name = _lower(schedule.interval_minutes), choice.plan.name
        told += (
            f" Your {name} plan has calls enough to look for changes {often}."
            if schedule.interval_minutes < before
            else f" So that it fits your {name} plan, changes are looked for {often}"
            " from now on."
        )
    # Last, because what waited for it is read at once, and by the schedule above.
    quota.set_plan(connection, choice.plan)
    messages.success(request, told)
    if mistake:
        code = ReasonCode.CONNECTOR_ERROR
        messages.warning(request, f"{capfirst(mistake)}.", extra_tags=code)
    return redirect(connection)


def _lower(minutes: int) -> str:
    return interval_text(minutes).lower()


def _place(collection: Collection) -> CollectionGroup | None:
    connector: object = CONNECTORS.get(collection.connection.provider)
    if not isinstance(connector, GroupsCollections):
        return None
    with (
        suppress(ConnectorError),
        connector_boundary("group_of", collection=collection.pk),
    ):
        return connector.group_of(collection.details)
    return None


def _group_id(collection: Collection) -> str:
    place = _place(collection)
    return place.group_id if place else ""


def _groups(choice: Choice, found: Estimate | None) -> Iterable[dict[str, Any]]:
    """Return the collections by the part of the account that they belong to."""
    counts = quota.counts_of(choice.connection)
    names = collection_names(choice.collections)
    groups: dict[str, dict[str, Any]] = {}
    for collection in choice.collections:
        place = _place(collection)
        key = place.group_id if place else ""
        name = place.group if place else ""
        group = groups.setdefault(key, {"id": key, "name": name, "rows": []})
        group["rows"].append(
            {
                "id": collection.pk,
                "name": place.name if place else names[collection.pk],
                "is_ticked": collection.pk in choice.ticked,
                "count": counts.get(collection.remote_id, 0),
                "is_read": collection.last_full_refresh_at is not None,
                "calls": found.collections.get(collection.remote_id) if found else None,
            }
        )
    return groups.values()


def _cost(choice: Choice, found: Estimate | None) -> dict[str, Any] | None:
    """Return what is ticked costs a month, and what would fit the plan."""
    connection, plan = choice.connection, choice.plan
    if found is None:
        return None
    total = found.total(choice.remote_ids)
    calls = plan.calls if plan else None
    fitting = quota.fitting_schedule(connection, plan, chosen=choice.remote_ids)
    return {
        **_plans(choice),
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
    }


def _unknown_cost(choice: Choice, exc: ConnectorError) -> dict[str, Any]:
    mistake = wording.connector_text(exc.reference, wording.COST_UNKNOWN)
    return {**_plans(choice), "mistake": mistake}


def _plans(choice: Choice) -> dict[str, Any]:
    estimator = budget.estimator_of(choice.connection.provider)
    plan = choice.plan
    return {
        "plans": [
            {"slug": p.slug, "name": p.name, "calls": p.calls, "selected": p is plan}
            for p in budget.plans_of(choice.connection.provider)
        ],
        "plan": plan,
        "quota_description": estimator.quota_description if estimator else "",
    }

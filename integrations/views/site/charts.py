"""Draw how many items there were, and how syncs ended, with the numbers behind it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.models import Collection, SyncRun
from integrations.models.sync.run import OUTCOME_TONES
from integrations.models.uuids import read_uuid
from integrations.providers.typed.fields import Date
from integrations.providers.typed.plain import plain
from integrations.services.connections.naming import collection_names
from integrations.services.items.tables.columns import layouts
from integrations.services.sync import activity
from integrations.services.upkeep import daily_counts
from integrations.views import paging
from integrations.views.access import UserRequest
from integrations.views.site import grouped_charts

ITEM_DAYS, SYNC_DAYS = 90, 30
MOST_COLLECTIONS = 12
WIDTH, HEIGHT, TOP = 320, 80, 6
BAR_WIDTH, BAR_GAP, BARS_HEIGHT = 16, 4, 120


@require_safe
def charts(request: UserRequest) -> HttpResponse:
    """Show items by collection over time and by stage, and syncs by outcome."""
    shown = paging.make_context(
        request.GET, _collections(request.user), size=MOST_COLLECTIONS
    )
    collections = list(shown["page"])
    names = collection_names(collections)
    context = {
        **shown,
        "collections": list(_items_over_time(collections, names)),
        **grouped_charts.make_context(collections, names, request.user),
        "has_several_connections": len({c.connection_id for c in collections}) > 1,
        "item_days": ITEM_DAYS,
        "first_day": plain(Date(day=_first_day())),
        "syncs": _syncs(request.user),
        "sync_days": SYNC_DAYS,
    }
    return render(request, "charts.html", context)


@require_safe
def charts_live(request: UserRequest) -> HttpResponse:
    """Have an open page loaded again once one that it waits for can be drawn."""
    wanted = request.GET.getlist("building")[: grouped_charts.MOST_GROUPED]
    keys = [key for text in wanted if (key := read_uuid(text))]
    user = request.user
    found = _collections(user).filter(pk__in=keys)
    building = [each for each in found if grouped_charts.is_building(each, user)]
    response = HttpResponse(status=204)
    if len(building) < len(wanted):
        response.headers["HX-Refresh"] = "true"
        response.status_code = 200
    return response


def _collections(user: User) -> QuerySet[Collection]:
    """Return a user's collections, the largest first."""
    own = layouts.with_layout(Collection.objects.owned_by(user).with_schema(), user)
    return own.filter(stored_count__gt=0).order_by("-stored_count", "name", "pk")


def _items_over_time(
    shown: list[Collection], names: Mapping[UUID, str]
) -> Iterator[dict[str, Any]]:
    """Yield some collections, each with its line and its numbers."""
    today, since = timezone.now().astimezone(UTC).date(), _first_day()
    known = daily_counts.history_of(shown, since=since)
    for collection in shown:
        numbers = {**known.get(collection.pk, {}), today: collection.stored_count}
        yield {
            "collection": collection,
            "name": names[collection.pk],
            "line": _line(numbers, since),
            **_grouped(collection),
            "rows": [
                {"day": plain(Date(day=day)), "number": number}
                for day, number in sorted(numbers.items(), reverse=True)
            ],
        }


def _grouped(collection: Collection) -> dict[str, str]:
    """Return the chart of the choice that the table shows first, as of the stages."""
    choice = grouped_charts.first_choice(collection)
    if choice is None:
        return {}
    path = reverse("integrations:table", args=(collection.pk,))
    query = urlencode({"group": choice.name})
    return {"grouped_by": choice.label, "grouped_url": f"{path}?{query}"}


def _first_day() -> date:
    return timezone.now().astimezone(UTC).date() - timedelta(days=ITEM_DAYS - 1)


def _line(numbers: Mapping[date, int], since: date) -> dict[str, Any]:
    """Return the points of a line over the days, those without a number left out."""
    most = max(numbers.values()) or 1
    points = [
        (
            round((day - since).days * WIDTH / (ITEM_DAYS - 1)),
            round(TOP + (HEIGHT - TOP) * (1 - number / most)),
        )
        for day, number in sorted(numbers.items())
    ]
    x, y = points[-1]
    return {
        "points": " ".join(f"{left},{top}" for left, top in points),
        "x": x,
        "y": y,
        "width": WIDTH,
        "height": HEIGHT,
    }


def _syncs(user: User) -> dict[str, Any]:
    """Return the days, each with its bar of outcomes and its numbers."""
    zone = timezone.get_current_timezone()
    today = timezone.now().astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(SYNC_DAYS))]
    since = datetime.combine(days[0], datetime.min.time(), tzinfo=zone)
    found = activity.outcomes_by_day(user, since)
    most = max((sum(each.values()) for each in found.values()), default=0)
    labels = dict(SyncRun.Outcome.choices)
    shown = [o for o in labels if any(o in each for each in found.values())]
    return {
        "outcomes": [{"label": labels[o], "tone": _tone(o)} for o in shown],
        "bars": list(_bars(days, found, shown, most)) if most else [],
        "rows": [
            {
                "day": plain(Date(day=day)),
                "numbers": [found[day].get(o, 0) for o in shown],
            }
            for day in reversed(days)
            if day in found
        ],
        "most": most,
        "first_day": plain(Date(day=days[0])),
        "width": SYNC_DAYS * (BAR_WIDTH + BAR_GAP),
        "height": BARS_HEIGHT,
    }


def _bars(
    days: Sequence[date],
    found: Mapping[date, Mapping[str, int]],
    shown: Sequence[str],
    most: int,
) -> Iterator[dict[str, Any]]:
    """Yield the parts of all bars, from below."""
    for place, day in enumerate(days):
        bottom = BARS_HEIGHT
        for outcome in shown:
            number = found.get(day, {}).get(outcome, 0)
            height = max(2, round(BARS_HEIGHT * number / most)) if number else 0
            bottom -= height
            if number:
                yield {
                    "x": place * (BAR_WIDTH + BAR_GAP),
                    "y": max(0, bottom),
                    "width": BAR_WIDTH,
                    "height": height,
                    "tone": _tone(outcome),
                }


def _tone(outcome: str) -> str:
    return OUTCOME_TONES.get(outcome, "idle")

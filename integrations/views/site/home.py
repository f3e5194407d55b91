"""Open the door: what this is for strangers, how things are for everyone else."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.context_processors import is_sandbox_on
from integrations.models import Item, SyncRun
from integrations.providers import SPECS
from integrations.services.common.database.consistent_read import consistent_read
from integrations.services.connections.status import read_accounts, waiting_for_user
from integrations.services.items.history.news import News, recent_items
from integrations.services.items.lists import counting
from integrations.services.items.lists.counting import Count
from integrations.services.items.lists.query import ItemQuery
from integrations.services.sync import activity
from integrations.views import live
from integrations.views.access import UserRequest
from integrations.views.connections.index import provider_cards
from integrations.views.items.filters import NEWS
from integrations.views.items.rows import put_titles
from integrations.views.site.visits import last_visit

RECENT_ITEMS = 10
WEEK = timedelta(days=7)


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the state of every connection, or what this is to the signed-out."""
    if not request.user.is_authenticated:
        offer = {"providers": list(SPECS.values()), "sandbox_on": is_sandbox_on()}
        return render(request, "home_signed_out.html", offer)
    context = _context(request.user, last_visit(request))
    look = live.Look.of(context["recent_items"])
    context |= {
        **_live(look, context),
        "providers": provider_cards(is_staff=request.user.is_staff),
        "sandbox_on": is_sandbox_on(),
    }
    return render(request, "home.html", context)


@require_safe
def home_live(request: UserRequest) -> HttpResponse:
    """Show what has changed on an open Home."""
    context = _context(request.user, last_visit(request))
    look, items = live.Look.read(request), context["recent_items"]
    new = sum(item.first_seen_at > look.at for item in items)
    changed = sum(item.changed_at > look.at for item in items) - new
    news_text = look.news_text(
        live.Look.of(items), new=Count(number=new), changed=Count(number=changed)
    )
    context |= {
        **_live(look, context),
        "is_live": True,
        "had_rows": bool(look.rows),
        "news_text": news_text if look.rows else "",
        "news_url": reverse("integrations:home"),
    }
    return render(request, "home_live.html", context)


def _live(look: live.Look, context: dict[str, Any]) -> dict[str, Any]:
    statuses = [connection.status for connection in context["connections"]]
    return live.context(look, statuses, reverse("integrations:home-live"))


@consistent_read()
def _context(user: User, since: datetime | None) -> dict[str, Any]:
    """Return what Home shows of a user's connections, since their last visit."""
    # What a disconnected one has kept is among the items, though it has no card.
    own, _ = read_accounts(user)
    connections = [connection for connection in own if connection.is_connected]
    recent = recent_items(user, most=RECENT_ITEMS)
    put_titles(recent, own)
    return {
        "connections": connections,
        "attention": waiting_for_user(own),
        "goes_on": any(connection.status.goes_on for connection in connections),
        "totals": {
            "items": sum(connection.status.item_count for connection in own),
            "connections": len(connections),
        },
        "disconnected": len(own) - len(connections),
        "since": since,
        "changes": _changes(user, since or _week_ago()),
        "recent_items": recent,
        "running": _open_runs(own),
    }


def _week_ago() -> datetime:
    """Return the full hour a week ago, the same one at each look of an open page."""
    return (timezone.now() - WEEK).replace(minute=0, second=0, microsecond=0)


def _open_runs(connections: Sequence[Any]) -> list[SyncRun]:
    """Return the runs that have not ended, the last one first."""
    known = (connection.status.facts.open_run for connection in connections)
    runs = [run for run in known if run is not None]
    return sorted(runs, key=attrgetter("queued_at", "pk"), reverse=True)


def _changes(user: User, since: datetime) -> dict[str, Any]:
    """Count what happened since then, each with the list that shows just that."""
    own = Item.objects.owned_by(user)
    told = [News(kind=kind, since=since) for kind in NEWS]
    rows = [news.select(own) for news in told]
    numbers = counting.count_each(rows, counting.COUNT_LIMIT)
    return {
        "first_read": activity.first_read_since(user, since),
        "kinds": list(map(_to_number, told, numbers)),
    }


def _to_number(news: News, number: Count) -> dict[str, Any]:
    url = ItemQuery(news=news).url
    return {"kind": news.kind, "label": NEWS[news.kind], "number": number, "url": url}

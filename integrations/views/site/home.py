"""Open the door: what this is for strangers, how things are for everyone else."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.context_processors import is_sandbox_on
from integrations.models import Connection, Item, SyncRun
from integrations.models.item import ItemQuerySet
from integrations.providers import SPECS
from integrations.services.connections.status import put_status
from integrations.services.items import listing
from integrations.services.items.news import News
from integrations.services.items.query import ItemQuery
from integrations.views.connections.index import provider_cards
from integrations.views.items.filters import NEWS
from integrations.views.site.visits import last_visit

RECENT_ITEMS = 10
WEEK = timedelta(days=7)


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the state of every connection, or what this is to the signed-out."""
    if not request.user.is_authenticated:
        context = {"providers": list(SPECS.values()), "sandbox_on": is_sandbox_on()}
        return render(request, "home_signed_out.html", context)
    user = request.user
    # What a disconnected one has kept is among the items, though it has no card.
    own = put_status(Connection.objects.owned_by(user))
    connections = [connection for connection in own if connection.is_connected]
    since = last_visit(request)
    context = {
        "connections": connections,
        "totals": {
            "items": sum(connection.status.item_count for connection in own),
            "connections": len(connections),
        },
        "since": since,
        "changes": _changes(user, since or timezone.now() - WEEK),
        "recent_items": _recent_items(user),
        "running": _running(user),
        "providers": provider_cards(is_staff=user.is_staff),
        "sandbox_on": is_sandbox_on(),
    }
    return render(request, "home.html", context)


def _changes(user: User, since: datetime) -> dict[str, Any]:
    """Count what happened since then, each with the list that shows just that."""
    runs = SyncRun.objects.filter(connection__owner=user, finished_at__gte=since)
    own = Item.objects.owned_by(user)
    return {
        "first_read": runs.order_by().aggregate(n=Sum("first_read"))["n"] or 0,
        "kinds": [_to_number(own, News(kind=kind, since=since)) for kind in NEWS],
    }


def _to_number(own: ItemQuerySet, news: News) -> dict[str, Any]:
    number = listing.count_up_to(news.select(own), listing.COUNT_LIMIT)
    url = ItemQuery(news=news).url
    return {"kind": news.kind, "label": NEWS[news.kind], "number": number, "url": url}


def _recent_items(user: User) -> list[Item]:
    """Return what changed last at the providers, straight from the index."""
    changed = Item.objects.owned_by(user).live().filter(remote_updated_at__isnull=False)
    items = changed.defer("properties")
    return list(items.order_by("-remote_updated_at", "-id")[:RECENT_ITEMS])


def _running(user: User) -> list[dict[str, Any]]:
    open_runs = SyncRun.objects.filter(connection__owner=user).exclude(
        state=SyncRun.State.FINISHED
    )
    return [
        {"connection": run.connection, "run": run}
        for run in open_runs.select_related("connection")
    ]

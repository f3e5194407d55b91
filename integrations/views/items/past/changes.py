"""Show what changed in a user's items: by day, filtered, and since they last looked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from msgspec.structs import replace

from integrations.models import Collection, Connection, ItemChange, SyncRun
from integrations.models.messages import wording
from integrations.models.times import is_ahead, read_time
from integrations.providers.typed.fields import Date
from integrations.providers.typed.plain import plain
from integrations.services.common.database.prepared import prepared
from integrations.services.connections.naming import unique_names
from integrations.services.items.history import changes as service
from integrations.services.items.history.change_query import (
    NEW,
    PRESENT,
    UNSEEN,
    VISIT,
    ChangeQuery,
)
from integrations.services.items.history.change_times import settled_until
from integrations.services.notices.following.leavers import MOST_ASKED, find_left
from integrations.views.access import UserRequest
from integrations.views.items.facets import type_names
from integrations.views.items.parts import mistakes
from integrations.views.items.parts.changed import put_in_words
from integrations.views.items.past import changed_fields, changed_lists
from integrations.views.items.past.changed_fields import Offered
from integrations.views.site.visits import last_visit

LABELS = {
    "provider": "Provider",
    "connection": "Connection",
    "type": "Type",
    "kind": "What happened",
    "field": "Field",
    "day": "Day",
    "run": "Sync",
    "item": "Item",
    "since": "Since",
}
ANY = ("", "Any")
KIND_NAMES = {
    NEW: "New",
    **dict(ItemChange.Kind.choices),
    PRESENT: "Changed or restored",
}
SINCE_NAMES = {UNSEEN: "I last looked", VISIT: "My last visit"}
NO_TIME = {
    UNSEEN: "“I last looked” cannot be chosen: nothing was marked as seen yet.",
    VISIT: "“My last visit” cannot be chosen: no earlier visit is known.",
}
UNKNOWN = "Unknown"


@require_safe
def changes(request: UserRequest) -> HttpResponse:
    """Show one page of the changes that the query string asks for."""
    query = ChangeQuery.parse(request.GET)
    connections, types = _read_connections(request.user)
    run = _find_run(request, query)
    seen_at = request.preferences.changes_seen_at
    visit = last_visit(request)
    since = {UNSEEN: seen_at, VISIT: visit}.get(query.since)
    if query.since and since is None:
        left_out = (*query.left_out, NO_TIME[query.since])
        query = replace(query, since="", left_out=left_out)
    page = service.fetch_page(query, connections, run=run, since=since)
    own = Collection.objects.owned_by(request.user).with_definitions()
    collections = changed_fields.put_collections(page.changes, query, own)
    entries = put_in_words(page.changes)
    is_cut = _put_left_views(request.user, entries)
    _put_accounts(connections, entries)
    unseen, has_more = service.count_unseen(connections, seen_at)
    fields = changed_fields.offer(query, collections, entries)
    filters = _filters(query, connections, types, fields)
    context = {
        "query": query,
        "left_out": query.left_out,
        "mistake": mistakes.of_entries(entries),
        "days": list(_by_day(entries, query, since, page.next)),
        "filters": filters,
        "unknown_field": query.field if filters[-1]["is_unknown"] else "",
        "chips": list(_chips(query, run, connections, entries, filters)),
        "clear_url": ChangeQuery().url,
        "next_url": page.next.url if page.next else "",
        "first_url": query.change().url if query.after else "",
        "looked_until": page.looked_until,
        "views_asked": MOST_ASKED if is_cut else 0,
        "seen_at": seen_at,
        "unseen_text": _unseen_text(unseen, has_more=has_more),
        "unseen_url": query.change(since=UNSEEN).url,
        "since_word": query.since,
        "visit": visit,
        "visit_url": query.change(since=VISIT).url,
        "latest": _latest(query, page.changes),
        "is_connected": any(each.is_syncable for each in connections),
    }
    return render(request, "items/changes.html", context)


def _read_connections(user: User) -> tuple[list[Connection], Mapping[str, str]]:
    """Return a user's connections, and the types of what they hold with their names."""
    held = [(row, vars(row)["held"]) for row in _connections_of(user.pk)]
    known = {row.pk: row for row, _ in held}
    made = (Collection(connection=row, item_type=each) for row, each in held if each)
    return list(known.values()), type_names(made)


@prepared(Connection)
def _connections_of(owner: int) -> "QuerySet[Connection]":
    """Return a user's connections, each once for every type that it holds."""
    rows = Connection.objects.owned_by(User(pk=owner))
    return rows.annotate(held=F("collections__item_type")).distinct()


@require_POST
def changes_seen(request: UserRequest) -> HttpResponse:
    """Note that the changes up to the newest one that was shown were read."""
    until = read_time(request.POST.get("until", ""))
    if until is not None and not is_ahead(until, timezone.now()):
        service.mark_seen(request.user, until)
    return redirect("integrations:changes")


def _put_left_views(user: User, entries: Sequence[dict[str, Any]]) -> bool:
    """Set, in the latest change of an item, the followed views that show it no more.

    Return whether more views are followed than were asked.
    """
    found = find_left(user, (entry["item"].pk for entry in entries))
    left = dict(found.views)
    for entry in entries:
        entry["left_views"] = left.pop(entry["item"].pk, [])
    return found.is_cut


def _put_accounts(
    connections: Sequence[Connection], entries: Sequence[dict[str, Any]]
) -> None:
    """Name in each entry its account, where there are several of that provider."""
    titles = unique_names(connections)
    numbers = Counter(each.provider for each in connections)
    for entry in entries:
        item = entry["item"]
        is_one = numbers[item.provider] == 1
        entry["account"] = "" if is_one else titles[item.connection_id]


def _find_run(request: UserRequest, query: ChangeQuery) -> SyncRun | None:
    if query.run is None:
        return None
    runs = SyncRun.objects.select_related("connection")
    return runs.filter(pk=query.run, connection__owner=request.user).first()


def _latest(query: ChangeQuery, shown: Sequence[ItemChange]) -> str:
    """Return up to when all changes are shown, where the page shows the newest one."""
    is_newest = not query.filters.keys() - {"since"} and query.after is None
    if not shown or not is_newest:
        return ""
    return min(shown[0].at, settled_until()).isoformat()


def _unseen_text(number: int, *, has_more: bool) -> str:
    text = wording.count_text(number, "change")
    return f"more than {text}" if has_more else text


def _by_day(
    entries: Sequence[dict[str, Any]],
    query: ChangeQuery,
    since: datetime | None,
    following: ChangeQuery | None,
) -> Iterator[dict[str, Any]]:
    """Yield the days of whoever looks, each with its changes and lists of its items.

    One that goes on before this page, or on the ``following`` one, ``is_part``.
    """
    zone = timezone.get_current_timezone()
    ends = (query.after, following.after if following else None)
    parts = {end.at.astimezone(zone).date() for end in ends if end}
    days = groupby(entries, lambda entry: entry["when"].astimezone(zone).date())
    for day, rows in days:
        shown, of_day = list(rows), query.change(day=day)
        yield {
            "name": plain(Date(day=day)),
            "url": "" if query.day else of_day.url,
            "entries": shown,
            "is_part": day in parts,
            "lists": list(changed_lists.lists_of(shown, of_day, since)),
        }


def _filters(
    query: ChangeQuery,
    connections: Sequence[Connection],
    types: Mapping[str, str],
    fields: Offered,
) -> list[dict[str, Any]]:
    """Return a select for each filter, that of the field in groups."""
    titles = unique_names(connections)
    choices = {
        "provider": {c.provider: c.provider_name for c in connections},
        "connection": {str(c.pk): titles[c.pk] for c in connections},
        "type": types,
        "kind": KIND_NAMES,
    }
    selects = [
        {
            "name": name,
            "label": LABELS[name],
            "chosen": query.filters.get(name, ""),
            "choices": [ANY, *sorted(found.items(), key=lambda c: c[1].casefold())],
        }
        for name, found in choices.items()
    ]
    return [*selects, _field_filter(query, fields)]


def _field_filter(query: ChangeQuery, offered: Offered) -> dict[str, Any]:
    """Return the select of the fields; one that none has stays, unknown."""
    known = {each.value for group in offered.groups for each in group.choices}
    unknown = {query.field} - known - {""}
    return {
        "name": "field",
        "label": LABELS["field"],
        "chosen": query.field,
        "choices": [ANY, *((name, UNKNOWN) for name in unknown)],
        "groups": offered.groups,
        "has_more": offered.has_more,
        "is_unknown": offered.is_unknown,
        "is_narrowed": query.connection is not None and query.type != "",
    }


def _chosen_field(
    query: ChangeQuery, filters: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Return the chosen field by its label, unknown where nothing says it."""
    groups = (group for each in filters for group in each.get("groups", ()))
    labels = {each.value: each.label for group in groups for each in group.choices}
    return {query.field: labels.get(query.field, UNKNOWN)}


def _item_name(query: ChangeQuery, entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the name of the one item that the changes are of."""
    if query.item is None:
        return ""
    names = (str(entry["item"].name or "Untitled") for entry in entries)
    return next(names, "one without changes")


def _chips(
    query: ChangeQuery,
    run: SyncRun | None,
    connections: Sequence[Connection],
    entries: Sequence[Mapping[str, Any]],
    filters: Sequence[Mapping[str, Any]],
) -> Iterator[dict[str, str]]:
    """Yield one removable chip for each filter that is on."""
    titles = {str(key): text for key, text in unique_names(connections).items()}
    names = {c.provider: c.provider_name for c in connections}
    texts = {
        "run": wording.time_text(run.queued_at) if run else "unknown",
        "item": _item_name(query, entries),
        "since": SINCE_NAMES.get(query.since, ""),
        "day": plain(Date(day=query.day)) if query.day else "",
        **KIND_NAMES,
        **_chosen_field(query, filters),
    }
    for name, value in query.filters.items():
        known = texts.get(name) or texts.get(value) or names.get(value)
        yield {
            "label": LABELS[name],
            "value": known or titles.get(value) or value.replace("_", " "),
            "remove_url": query.without(name).url,
        }

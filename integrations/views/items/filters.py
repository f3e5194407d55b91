"""Offer the filters, chips and columns of the items list, ready for its template."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from integrations.models import Collection, Connection, Item
from integrations.models.messages import wording
from integrations.models.paths import fixed_path
from integrations.services.items.history.news import CHANGED, NEW, RESTORED
from integrations.services.items.lists.query import (
    DELETED,
    DESELECTED,
    SIZES,
    SORTS,
    ItemQuery,
)
from integrations.services.items.relations.groups import label_of
from integrations.views.items.facets import Choice, Facets, Group

LABELS = {
    "q": "Search",
    "provider": "Provider",
    "connection": "Connection",
    "type": "Type",
    "collection": "Collection",
    "parent": "Inside",
    "linked_to": "Linked with",
    "relation": "Relation",
    "state": "State",
    "news": "Since",
}
STATES = {"": "Still there", DELETED: "Deleted", DESELECTED: "Not selected"}
NEWS = {NEW: "New", CHANGED: "Changed", DELETED: "Deleted"}
COLUMNS = (
    ("name", "Name", "name"),
    ("type", "Type", "type"),
    ("connection", "Connection", "connection"),
    ("updated", "Updated", "-updated"),
    ("created", "Created", "-created"),
)
# Of a filter with more choices the page of the list has only a link to them.
MOST_OFFERED: Final = 20


def make_filters(
    query: ItemQuery,
    connections: Sequence[Connection],
    collections: Sequence[Collection],
    *,
    parent: Item | None = None,
    linked_to: Item | None = None,
) -> list[dict[str, Any]]:
    """Return one select per filter, each with its empty choice first.

    A filter offers what the other ones leave, sorted, with the number of items
    where the collections' own counts say it. More than ``MOST_OFFERED`` choices are
    offered at its ``choices_url``.
    """
    facets = Facets(query, connections, collections)
    offered = {
        "provider": facets.providers(),
        "connection": facets.connections(),
        "type": facets.types(),
        "collection": facets.collections(),
        "parent": _item_groups(parent),
        "linked_to": _item_groups(linked_to),
        "relation": _relation_groups(query, linked_to, collections),
        "news": _news_groups(query),
    }
    selects = [
        _select(query, name, groups)
        for name, groups in offered.items()
        if name in query.filters or sum(len(group.choices) for group in groups) > 1
    ]
    states = [Choice(value=value, label=label) for value, label in STATES.items()]
    return [*selects, _select(query, "state", [Group(choices=states)], is_any=False)]


def _item_groups(item: Item | None) -> list[Group]:
    if item is None:
        return []
    choice = Choice(value=str(item.uuid), label=item.name or "Untitled")
    return [Group(choices=[choice])]


def _relation_groups(
    query: ItemQuery, item: Item | None, collections: Sequence[Collection]
) -> list[Group]:
    chosen = next((each for each in collections if each.pk == query.collection), None)
    if item is None or chosen is None or not query.relation:
        return []
    label = label_of(query.relation, item, chosen)
    return [Group(choices=[Choice(value=query.relation, label=label)])]


def _news_groups(query: ItemQuery) -> list[Group]:
    if query.news is None:
        return []
    happened = {**NEWS, RESTORED: "Restored"}[query.news.kind]
    label = f"{happened} since {wording.time_text(query.news.since)}"
    if query.news.until is not None:
        label += f" until {wording.time_text(query.news.until)}"
    if query.news.field:
        label += ", in one field"
    return [Group(choices=[Choice(value=str(query.news), label=label)])]


def _select(
    query: ItemQuery, name: str, groups: Sequence[Group], *, is_any: bool = True
) -> dict[str, Any]:
    chosen = query.filters.get(name, "")
    if is_any:
        groups = [Group(choices=[Choice(value="", label="Any")]), *groups]
    known = {choice.value: choice for group in groups for choice in group.choices}
    if chosen not in known:
        known[chosen] = Choice(value=chosen, label="Unknown")
        groups = [*groups, Group(choices=[known[chosen]])]
    return {
        "name": name,
        "label": LABELS[name],
        "groups": groups,
        "chosen": chosen,
        "chosen_label": known[chosen].label,
        "choices_url": _choices_url(query, name) if len(known) > MOST_OFFERED else "",
    }


def _choices_url(query: ItemQuery, name: str) -> str:
    """Return where all choices of one filter are offered."""
    told = urlencode({**query.change().parameters, "of": name})
    return f"{fixed_path('integrations:item-choices')}?{told}"


def make_chips(
    query: ItemQuery, filters: Iterable[dict[str, Any]]
) -> Iterator[dict[str, str]]:
    """Yield one removable chip per filter that is on; the search counts as one."""
    texts = {select["name"]: select["chosen_label"] for select in filters}
    for name, value in query.filters.items():
        yield {
            "label": LABELS[name],
            "value": texts.get(name, value),
            "remove_url": query.without(name).url,
        }


def make_columns(query: ItemQuery) -> Iterator[dict[str, str]]:
    """Yield the columns with the order they are in and the one a click gives."""
    for key, label, first_sort in COLUMNS:
        is_sorted = query.sort.removeprefix("-") == key
        order = "descending" if query.order.is_shown_descending else "ascending"
        # What is searched for comes with the best match first.
        can_sort = not (query.search and SORTS[first_sort].group)
        yield {
            "key": key,
            "label": label,
            "sort_url": _sort_url(query, first_sort) if can_sort else "",
            "direction": order if is_sorted else "none",
        }


def _sort_url(query: ItemQuery, first_sort: str) -> str:
    """Return the list sorted by a column, or the other way when it already is."""
    name = first_sort.removeprefix("-")
    other = {name: f"-{name}", f"-{name}": name}
    return query.change(sort=other.get(query.sort, first_sort)).url


def make_sizes(query: ItemQuery) -> list[dict[str, Any]]:
    """Return a link per page size."""
    return [
        {
            "label": str(size),
            "url": query.change(size=size).url,
            "is_current": size == query.size,
        }
        for size in SIZES
    ]

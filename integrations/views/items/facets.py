"""Find what each filter of the items list can still choose, and how much that is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from integrations.models import Collection, Connection
from integrations.services.connections.naming import collection_names, unique_names
from integrations.services.items.lists import counting
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.types import type_name, types_in

# More than this in one list are found by their connection first.
MAX_CHOICES = 200
ANYTHING: dict[str, Any] = {
    "provider": "",
    "connection": None,
    "type": "",
    "collection": None,
}


def type_names(collections: Iterable[Collection]) -> dict[str, str]:
    """Return the types a user's collections hold, with their names."""
    return {
        each: type_name(collection.connection.provider, each)
        for collection in collections
        for each in types_in(collection)
    }


class Choice(Struct, frozen=True, kw_only=True):
    """One choice of a filter; ``count`` is None where no counter says it."""

    value: str
    label: str
    count: int | None = None
    disabled: bool = False

    @property
    def text(self) -> str:
        """Return the label with the number of items."""
        return self.label if self.count is None else f"{self.label} ({self.count:,})"


class Group(Struct, kw_only=True):
    """Choices under one heading, or under none."""

    label: str = ""
    choices: list[Choice] = field(default_factory=list)


class Facets:
    """The choices of each filter, narrowed by all the others.

    What is chosen is always among them, so that it can be seen and taken off.
    """

    def __init__(
        self,
        query: ItemQuery,
        connections: Sequence[Connection],
        collections: Sequence[Collection],
    ) -> None:
        """Take the filters that are on, and everything there is to filter by."""
        self.query = query
        self.names = unique_names(connections)
        self.all_connections = connections
        self.all_collections = collections
        # Only of what is there, whole and unsearched, does a collection keep count.
        self.is_counted = not (
            query.search or query.parent or query.linked_to or query.state or query.news
        )

    def providers(self) -> list[Group]:
        """Return the providers with a connection."""
        counts = self._counts("provider", lambda c: c.connection.provider)
        names = {c.provider: c.provider_name for c in self._possible("provider")}
        return _to_groups(names, counts)

    def connections(self) -> list[Group]:
        """Return the connections, told apart where they have one name."""
        counts = self._counts("connection", lambda c: str(c.connection_id))
        possible = self._possible("connection")
        return _to_groups({str(c.pk): self.names[c.pk] for c in possible}, counts)

    def types(self) -> list[Group]:
        """Return the types of items; those of a mixed collection have no count."""
        within = self._within("type")
        counts = self._counts("type", lambda c: c.item_type)
        mixed = [types for c in within if len(types := types_in(c)) > 1]
        for types in mixed:
            counts.update(dict.fromkeys(types))
        return _to_groups(type_names(within), counts)

    def collections(self) -> list[Group]:
        """Return the collections, under their connections where those are several."""
        within = self._within("collection")
        counts = self._counts("collection", lambda c: str(c.pk))
        groups: list[Group] = []
        names = collection_names(within)
        for pk, heading in self.names.items():
            own = {str(c.pk): names[c.pk] for c in within if c.connection_id == pk}
            groups += _to_groups(own, counts, label=heading)
        if len(groups) == 1:
            groups[0].label = ""
        return _bounded(sorted(groups, key=lambda group: group.label.casefold()))

    def _within(self, name: str) -> list[Collection]:
        """Return the collections that all filters but one leave, and that one's."""
        others = self.query.change(**{name: ANYTHING[name]})
        chosen = self.query.filters.get(name)
        return [
            c
            for c in self.all_collections
            if (counting.is_within(c, others) and self._is_of_use(c))
            or (name == "collection" and str(c.pk) == chosen)
        ]

    def _is_of_use(self, collection: Collection) -> bool:
        is_there = collection.is_selected or collection.stored_count > 0
        return is_there or bool(self.query.state)

    def _possible(self, name: str) -> list[Connection]:
        """Return the connections that all filters but one leave, and that one's."""
        others = self.query.change(**{name: ANYTHING[name]})
        # An empty connection holds no type and no collection, but can be chosen.
        narrowed = bool(others.type or others.collection)
        holding = {c.connection_id for c in self._within(name)}
        return [
            c
            for c in self.all_connections
            if self.query.filters.get(name) in (c.provider, str(c.pk))
            or (
                others.provider in ("", c.provider)
                and others.connection in (None, c.pk)
                and (not narrowed or c.pk in holding)
            )
        ]

    def _counts(
        self, name: str, key: Callable[[Collection], str]
    ) -> dict[str, int | None]:
        """Add up the collections' own counts, if these answer the query at all."""
        within = self._within(name)
        is_mixed = any(len(types_in(c)) > 1 for c in within)
        others = self.query.change(**{name: ANYTHING[name]})
        if not self.is_counted or (others.type and is_mixed):
            return {}
        counts: dict[str, int | None] = {str(c.pk): 0 for c in self.all_connections}
        for collection in within:
            own = key(collection)
            counts[own] = (counts.get(own) or 0) + collection.stored_count
        return counts


def _to_groups(
    labels: Mapping[str, str], counts: Mapping[str, int | None], *, label: str = ""
) -> list[Group]:
    if not labels:
        return []
    found = sorted(labels.items(), key=lambda entry: entry[1].casefold())
    choices = [
        Choice(value=value, label=text, count=counts.get(value))
        for value, text in found
    ]
    return [Group(label=label, choices=choices)]


def _bounded(groups: Sequence[Group]) -> list[Group]:
    """Return the first choices; a last one, which cannot be chosen, counts the rest."""
    left = MAX_CHOICES
    shown = []
    for group in groups:
        kept = group.choices[:left]
        left -= len(kept)
        if kept:
            shown.append(Group(label=group.label, choices=kept))
    missing = sum(len(group.choices) for group in groups) - MAX_CHOICES
    if missing > 0:
        rest = Choice(value="-", label=f"… and {missing:,} more", disabled=True)
        shown.append(Group(choices=[rest]))
    return shown

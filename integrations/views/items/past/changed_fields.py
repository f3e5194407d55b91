"""Offer the fields whose changes can be asked for, told apart by provider."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, NamedTuple

from integrations.models import Collection
from integrations.providers.records import read_fields
from integrations.services.items.history.change_query import ChangeQuery
from integrations.services.items.types import types_in
from integrations.views.items.facets import Choice, Group
from integrations.views.items.parts.changed import FIELD_NAMES, PREFIX

# More than these are narrowed by the provider, the connection or the type first.
MOST_OFFERED: Final = 500
SEVERAL: Final = "Several providers"


class Offered(NamedTuple):
    """Fields under the names of their providers, and whether there are more."""

    groups: Sequence[Group]
    has_more: bool


@dataclass(kw_only=True)
class _Field:
    """A field by the name under which changes store it, and where it is known from."""

    name: str
    label: str
    providers: set[str] = field(default_factory=set)
    collections: set[str] = field(default_factory=set)

    @property
    def heading(self) -> str:
        return next(iter(self.providers)) if len(self.providers) == 1 else SEVERAL

    @property
    def place(self) -> str:
        return ", ".join(sorted(self.collections, key=str.casefold))


def offer(
    query: ChangeQuery,
    collections: Iterable[Collection],
    entries: Sequence[Mapping[str, Any]],
) -> Offered:
    """Return the fields of the collections that a query is about.

    Those of ``entries``, the changes that are shown, are among them whatever a schema
    says; ``collections`` have their schemas and connections.
    """
    found: dict[str, _Field] = {}
    for collection, name, label in _known(query, collections, entries):
        known = found.setdefault(name, _Field(name=name, label=label))
        known.providers.add(collection.connection.provider_name)
        known.collections.add(collection.name)
    ordered = sorted(
        found.values(), key=lambda f: (f.heading, f.label.casefold(), f.place)
    )
    alike = Counter((each.heading, each.label) for each in ordered)
    groups = [
        Group(
            label=heading,
            choices=[
                Choice(value=f.name, label=_text(f, alike[heading, f.label]))
                for f in fields
            ],
        )
        for heading, fields in groupby(ordered[:MOST_OFFERED], key=lambda f: f.heading)
    ]
    return Offered(groups, len(ordered) > MOST_OFFERED)


def _text(known: _Field, alike: int) -> str:
    """Return the label, with the collection where others have the same one."""
    return known.label if alike == 1 else f"{known.label} ({known.place})"


def _known(
    query: ChangeQuery,
    collections: Iterable[Collection],
    entries: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[Collection, str, str]]:
    for collection in collections:
        if _is_within(collection, query):
            yield from ((collection, *each) for each in FIELD_NAMES.items())
            for spec in read_fields(collection.schema):
                if not spec.is_hidden:
                    yield collection, f"{PREFIX}{spec.name}", spec.label
    for entry in entries:
        for shown in entry["fields"]:
            yield entry["item"].collection, shown["name"], shown["label"]


def _is_within(collection: Collection, query: ChangeQuery) -> bool:
    connection = collection.connection
    return (
        query.provider in ("", connection.provider)
        and query.connection in (None, connection.pk)
        and (not query.type or query.type in types_in(collection))
    )

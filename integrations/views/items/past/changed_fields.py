"""Offer the fields whose changes can be asked for, told apart by provider."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet
from msgspec import Struct, field

from integrations.models import Collection, ItemChange
from integrations.providers.records import read_fields
from integrations.services.items.history.change_query import ChangeQuery
from integrations.services.items.history.telling import bookkeeping
from integrations.services.items.types import types_holding
from integrations.views.items.facets import Choice, Group
from integrations.views.items.parts.changed import FIELD_NAMES, PREFIX

# More than these are narrowed by the provider, the connection or the type first, and
# so many schemas are looked through for them.
MOST_OFFERED: Final = 500
MOST_SCHEMAS: Final = 500
# Schemas are large: so many are in memory at once.
CHUNK: Final = 20
SEVERAL: Final = "Several providers"
# No collection has this key.
NONE: Final = UUID(int=0)


class Offered(NamedTuple):
    """Fields under the names of their providers, and whether there are more.

    The chosen one ``is_unknown`` where none of them is it, all of which were read.
    """

    groups: Sequence[Group]
    has_more: bool
    is_unknown: bool


class _Found:
    """The fields that were found, by the name under which changes store them."""

    def __init__(self) -> None:
        self.fields: dict[str, _Field] = {}
        self.is_cut = False

    def add(self, collection: Collection, name: str, label: str) -> None:
        known = self.fields.setdefault(name, _Field(name=name, label=label))
        known.providers.add(collection.connection.provider_name)
        known.collections.add(collection.name)


class _Field(Struct, kw_only=True):
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


def put_collections(
    changes: Sequence[ItemChange], query: ChangeQuery, own: QuerySet[Collection]
) -> Iterator[Collection]:
    """Give the items of changes their collections, and yield all to offer fields of.

    These are one statement, read some at a time and no further than they are taken.
    """
    shown = {change.item.collection_id for change in changes}
    within, is_shown = _within(query), Q(pk__in=shown or {NONE})
    rows = own.filter(within | is_shown).annotate(is_within=within)
    rows = rows.alias(is_first=is_shown).order_by("-is_first", "name", "pk")
    every = rows[: MOST_SCHEMAS + 1 + len(shown)].iterator(chunk_size=CHUNK)
    known = {row.pk: row for row in islice(every, len(shown))}
    for item in (change.item for change in changes):
        if item.collection_id in known:
            item.collection = known[item.collection_id]
        item.connection = item.collection.connection
    return chain((row for row in known.values() if row.is_within), every)


def offer(
    query: ChangeQuery,
    collections: Iterable[Collection],
    entries: Sequence[Mapping[str, Any]],
) -> Offered:
    """Return the fields of the collections that a query is about.

    Those of ``entries``, the changes that are shown, and the one that the query asks
    for are among them, however many others there are.
    """
    found = _Found()
    for entry in entries:
        for shown in entry["fields"]:
            # What is called otherwise in some collections has one name for all.
            label = FIELD_NAMES.get(shown["name"], shown["label"])
            found.add(entry["item"].collection, shown["name"], label)
    has_more = _fill(found, query, collections)
    ordered = sorted(
        found.fields.values(), key=lambda f: (f.heading, f.label.casefold(), f.place)
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
        for heading, fields in groupby(ordered, key=lambda f: f.heading)
    ]
    is_known = query.field in found.fields or query.field in FIELD_NAMES
    is_unknown = query.field != "" and not is_known and not found.is_cut
    return Offered(groups, has_more, is_unknown)


def _text(known: _Field, alike: int) -> str:
    """Return the label, with the collection where others have the same one."""
    return known.label if alike == 1 else f"{known.label} ({known.place})"


def _fill(found: _Found, query: ChangeQuery, collections: Iterable[Collection]) -> bool:
    """Add the fields of schemas while there is room; tell whether there are more.

    Beyond that, only the chosen field is looked for.
    """
    room, has_more = MOST_OFFERED + len(found.fields), False
    is_property = query.field.startswith(PREFIX)
    for place, collection in enumerate(collections):
        if place == MOST_SCHEMAS:
            found.is_cut = True
            return True
        for name, label in _fields_of(collection):
            is_known = name in found.fields or name == query.field
            if is_known or len(found.fields) < room:
                found.add(collection, name, label)
            else:
                has_more = True
        if has_more and (not is_property or query.field in found.fields):
            return True
    return has_more


def _fields_of(collection: Collection) -> Iterator[tuple[str, str]]:
    """Yield the fields under the names by which changes store them, and labels."""
    yield from FIELD_NAMES.items()
    noted = bookkeeping(collection)
    for spec in read_fields(collection.schema):
        name = f"{PREFIX}{spec.name}"
        if not spec.is_hidden and name not in noted:
            yield name, spec.label


def _within(query: ChangeQuery) -> Q:
    """Return what the collections are like that a query is about."""
    within = Q(pk__isnull=False)
    if query.provider:
        within &= Q(connection__provider=query.provider)
    if query.connection is not None:
        within &= Q(connection=query.connection)
    if query.type:
        within &= Q(item_type__in=types_holding(query.type))
    return within

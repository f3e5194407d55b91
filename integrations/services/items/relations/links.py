"""Find stored items by the ids that other items name, one question for all of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, QuerySet
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Collection, Item
from integrations.providers.links import relations_in
from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import Many, Relation, Text, Value

MAX_LINKS = 50
AT_ONCE = 10_000
# What a link to an item is made of.
LINKED = (
    "uuid",
    "name",
    "type",
    "provider",
    "remote_id",
    "parent_remote_id",
    "deleted_at",
    "collection_id",
    "connection_id",
)

Found = Mapping[tuple[str, str], Item]


class Links(Struct, frozen=True, kw_only=True):
    """The items that relations name, by collection and id."""

    found: Found

    def of(self, relation: Relation) -> list[Item]:
        """Return the items of a relation that are stored, and not too many of them."""
        ids = relation.linked_ids[:MAX_LINKS]
        found = (self.found.get((relation.linked_collection, each)) for each in ids)
        return [item for item in found if item is not None]

    def text_of(self, relation: Relation) -> str:
        """Return the names of its items, and how many more there are."""
        items = self.of(relation)
        names = ", ".join(item.name or "Untitled" for item in items)
        return f"{names} {more_text(relation, len(items))}".strip()

    def in_full(self, value: Value) -> Value:
        """Return a value with all items that it links to by their names.

        One that is not stored, or has no name, has its id.
        """
        if isinstance(value, Relation):
            return self._all_of(value)
        if isinstance(value, Many):
            parts = tuple(
                self._all_of(each) if isinstance(each, Relation) else each
                for each in value.values
            )
            return replace(value, values=parts)
        return value

    def _all_of(self, relation: Relation) -> Text:
        place, names = relation.linked_collection, list[str]()
        for each in relation.linked_ids:
            item = self.found.get((place, each))
            names.append(item.name if item is not None and item.name else each)
        more = more_text(relation, len(names))
        return Text(text=f"{', '.join(names)} {more}".strip())


def more_text(relation: Relation, known: int) -> str:
    """Return in words how many items of a relation are not known here."""
    missing = max(len(relation.linked_ids), relation.total) - known
    if not relation.linked_ids:
        return "items that are not told" if relation.has_more else ""
    if not known:
        least = "more than " if relation.has_more else ""
        noun = "item" if missing == 1 and not least else "items"
        return f"{least}{missing} {noun} not stored here"
    if relation.has_more:
        return f"and more than {missing} more" if missing else "and more than shown"
    return f"and {missing} more" if missing else ""


def find(item: Item, *described: Sequence[DisplayField]) -> Links:
    """Return the items that any of the fields relate to."""
    fields = (field for fields in described for field in fields)
    relations = (each for field in fields for each in relations_in(field.value))
    ids = (each for relation in relations for each in relation.linked_ids[:MAX_LINKS])
    return Links(found=find_by_id(item, ids))


def find_each(
    told: Iterable[tuple[Item, Sequence[DisplayField]]], most: int | None = MAX_LINKS
) -> Mapping[UUID, Links]:
    """Return the items that fields of some items relate to, by connection.

    Of one relation these are the first ``most``, or all. By one statement for ten
    thousand ids, however many connections these are of.
    """
    wanted: dict[UUID, dict[str, None]] = {}
    for item, described in told:
        ids = wanted.setdefault(item.connection_id, {})
        for field in described:
            for relation in relations_in(field.value):
                ids |= dict.fromkeys(relation.linked_ids[:most])
    found: dict[UUID, dict[tuple[str, str], Item]] = {key: {} for key in wanted}
    beside = Collection.objects.filter(connection__in=list(wanted)).order_by()
    every = list(dict.fromkeys(each for ids in wanted.values() for each in ids))
    for start in range(0, len(every), AT_ONCE):
        for row in _rows(beside.values("pk"), every[start : start + AT_ONCE]):
            if row.remote_id in wanted[row.connection_id]:
                _add(found[row.connection_id], row)
    return {key: Links(found=each) for key, each in found.items()}


def find_by_id(item: Item, ids: Iterable[str]) -> Found:
    """Return live items beside one by collection and id, and by id alone."""
    return find_beside(item.connection_id, ids)


def find_beside(connection_id: UUID, ids: Iterable[str]) -> Found:
    """Return live items of a connection by collection and id, and by id alone."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    beside = Collection.objects.filter(connection=connection_id).order_by().values("pk")
    found: dict[tuple[str, str], Item] = {}
    for start in range(0, len(wanted), AT_ONCE):
        for row in _rows(beside, wanted[start : start + AT_ONCE]):
            _add(found, row)
    return found


def _rows(beside: QuerySet[Any, Any], ids: Sequence[str]) -> QuerySet[Item]:
    """Return live items of some collections by their ids there."""
    rows = Item.objects.live().filter(collection__in=beside, remote_id__in=ids)
    return rows.annotate(place=F("collection__remote_id")).only(*LINKED)


def _add(found: dict[tuple[str, str], Item], row: Item) -> None:
    """Add an item by its collection and id, and by its id alone."""
    found[vars(row)["place"], row.remote_id] = row
    found.setdefault(("", row.remote_id), row)


def collections_beside(item: Item) -> models.QuerySet[Collection]:
    """Return the collections of an item's connection."""
    return Collection.objects.filter(connection=item.connection_id).order_by()

"""The filter of a table by a relation: rows that it links with one item."""

from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, TextField, UUIDField
from msgspec import Struct

from integrations.models import Collection, Item, ItemLink
from integrations.providers.records import read_fields
from integrations.services.items.relations.around import (
    ANYWHERE,
    ids_are_unique,
    linked_to,
)
from integrations.services.items.relations.groups import linked_with, read_address
from integrations.services.items.tables.columns.columns import link_columns
from integrations.services.items.tables.indexing.first_keys import first_keys
from integrations.services.items.tables.unindexed import ExistsHere, Unindexed


class LinkFilter(Struct, frozen=True, kw_only=True):
    """What an address tells of it: the item, and the relation with its direction.

    The relation is one by which the item names the rows, or, after a minus, by which
    they name it.
    """

    item: UUID
    relation: str

    @property
    def address(self) -> list[tuple[str, str]]:
        """Return the names and the values of its parameters."""
        return [("linked_to", str(self.item)), ("relation", self.relation)]


class LinkedRows(Struct, frozen=True, kw_only=True):
    """The rows of a collection that a relation links with an item."""

    item: Item
    collection: Collection
    relation: str

    @property
    def words(self) -> str:
        """Return in words what selects the rows."""
        name = f"“{self.item.name or 'Untitled'}”"
        relation, is_incoming = read_address(self.relation)
        label = _label(
            self.collection if is_incoming else self.item.collection, relation
        )
        if not label:
            return f"{name} is linked with it"
        return f"{name} is in {label}" if is_incoming else f"It is in {label} of {name}"

    def where(self, key: str, *, is_for_few: bool = False) -> Q:
        """Return what holds for rows that call their item's key ``key``.

        ``is_for_few`` tells that only some first rows are asked.
        """
        relation, is_incoming = read_address(self.relation)
        if not is_incoming or not is_for_few:
            return linked_with(self.item, self.relation, key=key)
        # By the links of each row, not by all that lead to the item.
        to = Unindexed(F("target_remote_id"), output_field=TextField())
        own = ItemLink.objects.filter(item=OuterRef(key), relation=relation)
        own = own.alias(to=to).filter(to=self.item.remote_id)
        if not ids_are_unique(self.item):
            own = own.filter(target_collection__in=[self._place, ANYWHERE])
        return Q(ExistsHere(own))

    @property
    def _place(self) -> str:
        return self.item.collection.remote_id

    @property
    def naming(self) -> QuerySet[ItemLink] | None:
        """The links by which rows name the item, None where it names them.

        Among them are those of a release before, which do not tell their collection.
        """
        relation, is_incoming = read_address(self.relation)
        if not is_incoming:
            return None
        here = Q(collection=self.collection.pk) | Q(collection__isnull=True)
        return ItemLink.objects.filter(linked_to(self.item), here, relation=relation)

    @property
    def live_keys(self) -> QuerySet[Any] | None:
        """The keys of live rows that name the item, in no order; None as above."""
        if self.naming is None:
            return None
        is_live = Q(item__deleted_at__isnull=True, item__collection=self.collection.pk)
        return self.naming.filter(is_live).values_list("item_id", flat=True)

    def few(self, most: int) -> list[int] | None:
        """Return keys of which all rows are some, None where more than ``most``."""
        if self.naming is not None:
            [keys] = first_keys([self.naming], most=most)
            return list(dict.fromkeys(keys)) if len(keys) <= most else None
        # Asked for its collection as well, a planner might read all of that.
        of = Unindexed(F("collection_id"), output_field=UUIDField())
        rows = Item.objects.filter(self.where("pk")).alias(of=of)
        rows = rows.filter(of=self.collection.pk).order_by()
        keys = list(rows.values_list("pk", flat=True)[: most + 1])
        return keys if len(keys) <= most else None


def find_rows(collection: Collection, asked: LinkFilter | None) -> LinkedRows | None:
    """Return the rows that a filter asks for, None where it is of no item there."""
    if asked is None:
        return None
    items = Item.objects.filter(connection=collection.connection_id, uuid=asked.item)
    item = items.select_related("collection").first()
    if item is None:
        return None
    item.connection = item.collection.connection = collection.connection
    return LinkedRows(item=item, collection=collection, relation=asked.relation)


def _label(collection: Collection, relation: str) -> str:
    """Return what a collection calls one of its relations, empty for none."""
    labels = {spec.name: spec.label for spec in read_fields(collection.schema)}
    labels |= {column.id: column.label for column in link_columns(collection)}
    return labels.get(relation, "")

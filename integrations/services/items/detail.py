"""Find what an item's page shows around it: what it is inside of, and what it holds."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet

from integrations.models import Item, ItemLink
from integrations.providers.kinds import DeletionKind
from integrations.services.items.links import collections_beside, find_by_id
from integrations.services.items.listing import (
    child_types,
    parent_types,
    rival_types,
)
from integrations.services.items.relations.groups import linked_to

MAX_DEPTH = 12


def find_parent(item: Item) -> Item | None:
    """Return the stored parent of an item, wherever in its connection it is."""
    if not item.parent_remote_id:
        return None
    found = list(_with_remote_id(item, item.parent_remote_id, parent_types(item)))
    if len(found) > 1:
        found = [other for other in found if other.name == item.parent_name]
    return found[0] if found else None


def find_merged_into(item: Item) -> Item | None:
    """Return the stored item that this one was merged into, if it was."""
    if item.deleted_kind != DeletionKind.MERGED:
        return None
    found = find_by_id(item, [item.deleted_detail])
    return found.get((item.collection.remote_id, item.deleted_detail))


def find_breadcrumbs(item: Item) -> list[Item]:
    """Return the items that this one is inside of, the outermost first."""
    breadcrumbs: list[Item] = []
    parent = find_parent(item)
    while (
        parent and len(breadcrumbs) < MAX_DEPTH and parent not in (item, *breadcrumbs)
    ):
        breadcrumbs.insert(0, parent)
        parent = find_parent(parent)
    return breadcrumbs


def find_children(item: Item) -> QuerySet[Item]:
    """Return the live items that name this one as their parent, and only so.

    What is linked with it as well is shown among its links.
    """
    links = ItemLink.objects.filter(linked_to(item), item=OuterRef("pk"))
    children = (
        Item.objects.live()
        .filter(
            connection=item.connection_id,
            # The index goes by type, so every type there is gets named.
            type__in=child_types(item),
            parent_remote_id=item.remote_id,
        )
        .exclude(parent_remote_id="")
        .exclude(Exists(links))
        .defer("properties")
        .order_by("sort_name", "pk")
    )
    if _with_remote_id(item, item.remote_id, rival_types(item)).exists():
        return children.filter(parent_name=item.name)
    return children


def _with_remote_id(
    item: Item, remote_id: str, types: Collection[str]
) -> QuerySet[Item]:
    """Return the other items of the connection under a remote id, of some types.

    There can be several: an id need only be unique within its collection.
    """
    return (
        Item.objects.live()
        .filter(
            collection__in=collections_beside(item),
            remote_id=remote_id,
            type__in=types,
        )
        .exclude(pk=item.pk)
        .defer("properties")
    )

"""The items that tell an account's own structure: tables, their fields, their names."""

from collections.abc import Collection as Values
from collections.abc import Sequence

from django.db.models import QuerySet

from integrations.models import Connection, Item, ItemChange


def latest_items(
    connection: Connection, types: Values[str], *, most: int
) -> list[Item]:
    """Return the items of some types that changed last."""
    chosen = connection.collections.filter(item_type__in=types, is_selected=True)
    items = Item.objects.filter(collection__in=list(chosen))
    return list(
        items.select_related("collection", "connection").order_by("-changed_at")[:most]
    )


def latest_changes(items: Sequence[Item], *, most: int) -> QuerySet[ItemChange]:
    """Return what happened last to some items."""
    made = ItemChange.objects.made().filter(item__in=items)
    return made.order_by("-at", "-id")[:most]

"""The values that a filter of a column offers: its options, or those of some rows."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from integrations.models import Collection, Item
from integrations.providers.typed.plain import plain
from integrations.services.items.tables.columns.columns import Column, Family
from integrations.services.items.tables.columns.values import (
    fold,
    load_beside,
    singles_of,
    values_of,
)

# The rows updated last tell what a column without options has.
LOOKED_AT: Final = 300
# What has choices, whether or not the provider tells them.
CHOSEN: Final = frozenset({Family.CHOICE, Family.USER})


class Known(NamedTuple):
    """Values that can be offered, and whether there may be others."""

    values: Sequence[str] = ()
    are_all: bool = True


def find_known(collection: Collection, column: Column) -> Known:
    """Return what can be offered of a column, by one query where it has no options."""
    if column.family not in CHOSEN:
        return Known()
    if column.options:
        return Known(_in_order(column))
    rows = Item.objects.live().filter(collection=collection)
    rows = rows.order_by("-remote_updated_at", "-id")
    items = list(rows.only("name", "properties", "remote_id")[:LOOKED_AT])
    load_beside(items, [column])
    told = (values_of(item, collection, [column]).get(column.id) for item in items)
    singles = (each for value in told if value for each in singles_of(value))
    texts = {" ".join(plain(each).split()) for each in singles}
    return Known(sorted(texts - {""}, key=fold), are_all=False)


def _in_order(column: Column) -> Sequence[str]:
    """Return people by their names, and other choices as the provider orders them."""
    is_named = column.family is Family.USER
    return sorted(column.options, key=fold) if is_named else column.options

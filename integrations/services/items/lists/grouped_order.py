"""Rows of a list by type or by connection: one after the other, the latest first."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db.models.expressions import RawSQL

from integrations.models import Collection, Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists.counting import is_within
from integrations.services.items.lists.loading import COLUMNS as ROW_COLUMNS
from integrations.services.items.lists.query import ItemQuery, Sort
from integrations.services.items.types import type_name, types_in

# So many groups are asked for by one statement.
AT_ONCE: Final = 40
# What rows of a group have in common, by what the order is called.
COLUMNS: Final[Mapping[str, str]] = {"type": "type", "connection": "connection_id"}

# What is long of a collection.
UNUSED: Final = ("schema", "checkpoint", "details", "held_deletions")


def groups_of(
    query: ItemQuery, owner_id: int, known: Sequence[Collection]
) -> list[Any]:
    """Return the groups of a user's items that a list may hold, by their labels.

    One of which the list holds no row would be read to its end. ``known`` are the
    user's collections with their connections, if they are.
    """
    own = Collection.objects.filter(connection__owner=owner_id)
    rows = own.select_related("connection").defer(*UNUSED)
    held = known or list(rows)
    found: dict[Any, str] = {}
    for collection in held:
        if not is_within(collection, query):
            continue
        connection = collection.connection
        if query.order.group == "connection":
            found[connection.pk] = connection.title
        else:
            provider = connection.provider
            types = [t for t in types_in(collection) if query.type in ("", t)]
            found |= {each: type_name(provider, each) for each in types}
    return sorted(found, key=lambda each: (found[each].casefold(), str(each)))


def first_rows(
    groups: Sequence[Any],
    parts_of: Callable[[Any], Sequence[ItemQuerySet]],
    order: Sort,
    most: int,
) -> list[Item]:
    """Return the first rows of some groups, in no order.

    ``parts_of`` returns the rows of a group as ranges of an index, each in ``order``.
    At most ``most`` rows of each are looked at.
    """
    rows: list[Item] = []
    for start in range(0, len(groups), AT_ONCE):
        chunk = groups[start : start + AT_ONCE]
        parts = [part for each in chunk for part in parts_of(each)]
        rows += _read(parts, order, most - len(rows))
        if len(rows) >= most:
            break
    return rows


def _read(parts: Sequence[ItemQuerySet], order: Sort, most: int) -> list[Item]:
    """Return the first rows of all parts together, by one statement."""
    statements: list[str] = []
    parameters: list[Any] = []
    for number, part in enumerate(parts):
        with suppress(EmptyResultSet):
            # Named as they are in the statement around them.
            rows = part.values_list(order.field, "id")[:most]
            sql, values = rows.query.sql_with_params()
            statements.append(f"SELECT {number} AS part, k.* FROM ({sql}) AS k")
            parameters += values
    if not statements:
        return []
    down = "DESC" if order.is_descending else "ASC"
    keys = (
        f"SELECT t.id FROM ({' UNION ALL '.join(statements)}) AS t"
        f" ORDER BY t.part, t.{order.field} {down}, t.id {down} LIMIT %s"
    )
    found = RawSQL(keys, (*parameters, most))
    return list(Item.objects.only(*ROW_COLUMNS).filter(pk__in=found))

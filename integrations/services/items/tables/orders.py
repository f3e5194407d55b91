"""Rows of a table in one order, and those of them that are beyond a position."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Func, OrderBy, Q, QuerySet, TextField, Value
from django.db.models.lookups import GreaterThan, LessThan

from integrations.models import Item
from integrations.services.common.database.prepared import prepared
from integrations.services.items.tables.cursors import Cursor
from integrations.services.items.tables.unindexed import Unindexed


@dataclass(frozen=True, kw_only=True)
class At:
    """A position among rows by their updates."""

    value: datetime
    id: int


class _Row(Func):
    """Values that are compared one after the other, as rows are ordered.

    Compared so, a planner cannot find the second by an index that lacks the first.
    """

    template = "(%(expressions)s)"


@dataclass(frozen=True, kw_only=True)
class Order:
    """Rows in one order: which columns hold the value and the item's key."""

    rows: QuerySet[Any]
    value: str
    key: str
    is_descending: bool

    def at_once(self, start: Cursor | None, *, is_backward: bool) -> QuerySet[Any]:
        """Return the rows of all parts by one question, which no index orders."""
        is_descending = self.is_descending != is_backward
        sign, beyond = ("-", "lt") if is_descending else ("", "gt")
        unknown = Q(**{f"{self.value}__isnull": True})
        by_value = OrderBy(
            Unindexed(F(self.value)),
            descending=is_descending,
            nulls_first=is_backward or None,
            nulls_last=not is_backward or None,
        )
        ordered = self.rows.order_by(by_value, f"{sign}{self.key}")
        if start is None:
            return ordered
        behind = Q(**{f"{self.key}__{beyond}": start.id})
        if start.value is None:
            return ordered.filter(unknown & behind | (~unknown if is_backward else Q()))
        rest = self._beyond(start, is_descending=is_descending)
        return ordered.filter(rest if is_backward else rest | unknown)

    def parts(self, start: Cursor | None, *, is_backward: bool) -> list[QuerySet[Any]]:
        """Return the rows beyond a position; unknown values come last."""
        is_descending = self.is_descending != is_backward
        sign, beyond = ("-", "lt") if is_descending else ("", "gt")
        ordered = self.rows.order_by(f"{sign}{self.value}", f"{sign}{self.key}")
        known = ordered.filter(**{f"{self.value}__isnull": False})
        unknown = ordered.filter(**{f"{self.value}__isnull": True})
        if start is None:
            return [unknown, known] if is_backward else [known, unknown]
        behind = {f"{self.key}__{beyond}": start.id}
        if start.value is None:
            ties = unknown.filter(**behind)
            return [ties, known] if is_backward else [ties]
        if self.key == "pk":
            # No index of SQLite finds a table's own key as a part of a row.
            tied = known.filter(**{self.value: start.value, **behind})
            rest = known.filter(**{f"{self.value}__{beyond}": start.value})
            found = [tied, rest]
        else:
            found = [ordered.filter(self._beyond(start, is_descending=is_descending))]
        return found if is_backward else [*found, unknown]

    def _beyond(self, start: Cursor | At, *, is_descending: bool) -> Q:
        """Return what holds for rows with a value that are beyond a position."""
        compared = LessThan if is_descending else GreaterThan
        of_row = _Row(F(self.value), F(self.key), output_field=TextField())
        return Q(compared(of_row, _Row(Value(start.value), Value(start.id))))


@prepared(Item)
def unfiltered(
    collection: UUID,
    at: datetime | None = None,
    key: int | None = None,
    *,
    part: int,
    most: int,
    is_descending: bool,
    is_backward: bool,
) -> "QuerySet[Item, tuple[int, Any]]":
    """Return the first rows of one part of a collection, beyond a position."""
    live = Item.objects.live().filter(collection_id=collection)
    order = Order(
        rows=live, value="remote_updated_at", key="pk", is_descending=is_descending
    )
    start: Any = None if at is None else At(value=at, id=key or 0)
    parts = order.parts(start, is_backward=is_backward)
    return parts[part].values_list(order.key, order.value)[:most]

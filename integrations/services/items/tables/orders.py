"""Rows of a table in one order, and those of them that are beyond a position."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, F, Func, OrderBy, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, IsNull, LessThan
from msgspec import Struct

from integrations.models import Item
from integrations.services.common.database.prepared import prepared
from integrations.services.items.tables.columns.values import APART, is_apart
from integrations.services.items.tables.cursors import Cursor
from integrations.services.items.tables.unindexed import Unindexed

TEXT = "text"


class At(Struct, frozen=True, kw_only=True):
    """A position among rows by their updates."""

    value: datetime
    id: int


class _Row(Func):
    """Values that are compared one after the other, as rows are ordered.

    Compared so, a planner cannot find the second by an index that lacks the first.
    """

    template = "(%(expressions)s)"


class Part(NamedTuple):
    """Rows of one part of an order, and the column that they are sorted by."""

    rows: QuerySet[Any]
    value: str


class _Kind(NamedTuple):
    """Values that stand together in an order: which rows have them, and where."""

    where: Q
    value: str


class Order(Struct, frozen=True, kw_only=True):
    """Rows in one order: which columns hold the value and the item's key.

    Behind known values those come that are told as texts among numbers, where the
    order ``has_texts``, and then rows without a value, whatever the direction.
    """

    rows: QuerySet[Any]
    value: str
    key: str
    is_descending: bool
    has_texts: bool = False

    @property
    def values(self) -> Sequence[str]:
        """Return the columns that tell what a row is sorted by."""
        return (self.value, TEXT) if self.has_texts else (self.value,)

    def told(self, value: Any, text: Any = None) -> Any:
        """Return what a row is sorted by that has these values in those columns."""
        return text if value is None and is_apart(text) else value

    @property
    def _kinds(self) -> Sequence[_Kind]:
        known = _Kind(Q(**{f"{self.value}__isnull": False}), self.value)
        unknown = Q(**{f"{self.value}__isnull": True})
        if not self.has_texts:
            return [known, _Kind(unknown, self.value)]
        # By an index in the order of texts, which has them side by side.
        texts = Q(**{f"{TEXT}__gte": APART}) & Q(
            IsNull(Unindexed(F(self.value)), rhs=True)
        )
        own = Coalesce(F(TEXT), Value(""))
        rest = unknown & Q(LessThan(own, Value(APART)))
        return [known, _Kind(texts, TEXT), _Kind(rest, self.value)]

    def _place(self, start: "Cursor | At") -> int:
        """Return which kind of values a position is among."""
        if start.value is None:
            return len(self._kinds) - 1
        return 1 if self.has_texts and is_apart(start.value) else 0

    def at_once(self, start: Cursor | None, *, is_backward: bool) -> QuerySet[Any]:
        """Return the rows of all parts by one question, which no index orders."""
        is_descending = self.is_descending != is_backward
        sign = "-" if is_descending else ""
        sorted_by: list[Any] = [Unindexed(F(self.value))]
        if self.has_texts:
            is_text = When(**{f"{TEXT}__gte": APART}, then=F(TEXT))
            sorted_by.append(Case(is_text, output_field=TextField()))
        # Backward, rows without a value come first, and then those with a text.
        ordered = self.rows.order_by(
            *(
                OrderBy(
                    each,
                    descending=is_descending,
                    nulls_first=is_backward or None,
                    nulls_last=not is_backward or None,
                )
                for each in sorted_by
            ),
            f"{sign}{self.key}",
        )
        if start is None:
            return ordered
        kinds, place = self._kinds, self._place(start)
        others = kinds[:place] if is_backward else kinds[place + 1 :]
        beyond = self._beyond(start, kinds[place], is_descending=is_descending)
        return ordered.filter(reduce(or_, (each.where for each in others), beyond))

    def parts(self, start: Cursor | None, *, is_backward: bool) -> list[Part]:
        """Return the rows beyond a position; unknown values come last."""
        is_descending = self.is_descending != is_backward
        sign, beyond = ("-", "lt") if is_descending else ("", "gt")

        def of(where: Q, value: str) -> Part:
            ordered = self.rows.order_by(f"{sign}{value}", f"{sign}{self.key}")
            return Part(ordered.filter(where), value)

        kinds = self._kinds
        if start is None:
            return [of(*kind) for kind in (kinds[::-1] if is_backward else kinds)]
        place = self._place(start)
        others = kinds[:place][::-1] if is_backward else kinds[place + 1 :]
        if self.key == "pk" and place == 0:
            # No index of SQLite finds a table's own key as a part of a row.
            tied = Q(**{self.value: start.value, f"{self.key}__{beyond}": start.id})
            rest = Q(**{f"{self.value}__{beyond}": start.value})
            found = [of(kinds[0].where & each, self.value) for each in (tied, rest)]
        else:
            where = self._beyond(start, kinds[place], is_descending=is_descending)
            found = [of(where, kinds[place].value)]
        return [*found, *(of(*kind) for kind in others)]

    def _beyond(self, start: Cursor | At, kind: _Kind, *, is_descending: bool) -> Q:
        """Return what holds for rows with values of a kind that are beyond a position.

        A comparison of known values holds of no others, and of texts of no numbers'.
        """
        if start.value is None:
            beyond = "lt" if is_descending else "gt"
            return kind.where & Q(**{f"{self.key}__{beyond}": start.id})
        compared = LessThan if is_descending else GreaterThan
        of_row = _Row(F(kind.value), F(self.key), output_field=TextField())
        found = Q(compared(of_row, _Row(Value(start.value), Value(start.id))))
        return kind.where & found if kind.value != self.value else found


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
    return parts[part].rows.values_list(order.key, order.value)[:most]

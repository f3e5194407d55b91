"""Rows in the order of their groups, and in each group by another column.

No index has both orders. A page is the rest of one group, some groups that are whole,
and the beginning of another. The first and the last are rows in the order of the other
column, looked at one after the other for those of the group; which groups are between
the index of the groups tells, in its order, and their rows are no more than a page.

Groups that an index sorts alike, as users of one name, are one run of it: they stand
beside each other, in the order of what tells them apart.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from django.db.models import F, OrderBy, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Item, PropertyIndex, PropertyValue
from integrations.services.items.tables.columns.columns import Column, Family
from integrations.services.items.tables.columns.values import (
    APART,
    NONE,
    Key,
    places_of,
)
from integrations.services.items.tables.cursors import Cursor
from integrations.services.items.tables.indexing.first_keys import first_held
from integrations.services.items.tables.orders import At, Order
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.unindexed import ExistsHere

# So many rows are looked at for each that is wanted, before all of a group are sorted.
LOOKS_EACH: Final = 60
# A group of no more rows is sorted without a look at others.
SHORT: Final = 2000
# A key behind those of all items, and one before them.
LAST_KEY, NO_KEY = 2**63 - 1, 0
# What stands for no number or no text, behind those that there are.
LACKING: Final[dict[str, Any]] = {"number": 2.0**63, "text": APART}
GROUP_NAMES: Final = ("group_number", "group_text")
Rows = QuerySet[Any]


class Found(NamedTuple):
    """A row: its key, what it is sorted by, and its group where rows are grouped."""

    key: int
    value: Any
    group: Key | None = None


class Known(NamedTuple):
    """What is known of groups: rows of the largest, and names that several have.

    Each of the ``others`` has no more rows than that.
    """

    counts: Mapping[Key, int]
    alike: Container[str | None]
    others: int = 0


class Nested(Struct, frozen=True, kw_only=True):
    """The selected rows, group after group by the index of a column, each in an order.

    ``order`` has all rows of the table, selected or not. Where they are read
    ``is_backward`` both orders are reversed. What is ``known`` of their groups is not
    asked for.
    """

    selection: Selection
    column: Column
    index: PropertyIndex
    order: Order
    is_backward: bool = False
    known: Known | None = None

    def find(
        self, start: Cursor | At | None, group: Key | None, most: int
    ) -> tuple[list[Found], bool]:
        """Return the first rows beyond one of a group, and whether there are more."""
        if start is not None and self.selection.keys is not None:
            few = self._few()
            beyond = [n for n, row in enumerate(few, 1) if row.key == start.id]
            if beyond:
                rest = few[beyond[0] :]
                return rest[:most], len(rest) >= most
        found: list[Found] = []
        behind = None
        if start is not None and group is not None:
            found = self._of_group(group, start, most)
            if len(found) < most and self._is_mixed(group):
                found += self._of_run(group, most - len(found), is_beyond=True)
            behind = self._end_of(group)
        if len(found) == most:
            return found, True
        more, is_cut = self._between(behind, most - len(found))
        return found + more, is_cut

    def _between(self, behind: Cursor | None, most: int) -> tuple[list[Found], bool]:
        """Return the first rows beyond a run: whole ones, and the beginning of one."""
        rows = self._by_group(behind, most)
        if len(rows) < most:
            return self._sorted(rows), False
        last = rows[-1][1]
        cut = self._run_of(last)
        found = self._sorted([row for row in rows if self._run_of(row[1]) != cut])
        return found + self._of_first(last, most - len(found)), True

    def at_once(self) -> Rows:
        """Return all selected rows in order by one question, for where they are few.

        Beside each are the two columns that tell its group, as ``GROUP_NAMES``.
        """
        if self.order.key == "pk":
            rows: Rows = self.selection.items()
        else:
            rows = self.selection.values(self._sort_index).filter(position=0)
        own = self._values.filter(item=OuterRef(self.order.key))
        rows = rows.annotate(
            group_number=Subquery(own.values("number")[:1]),
            group_text=Subquery(own.values("text")[:1]),
        )
        ordered = replace(self.order, rows=rows)
        ordered_rows = ordered.at_once(None, is_backward=self.is_backward)
        by_text = self.column.sorts_by_text
        names = ("group_text", "group_number") if by_text else GROUP_NAMES
        by_group = [_ordered(name, is_backward=self.is_backward) for name in names]
        return ordered_rows.order_by(*by_group, *ordered_rows.query.order_by)

    def _few(self) -> list[Found]:
        columns = (self.order.key, *GROUP_NAMES, *self.order.values)
        return [
            Found(key, self.order.told(*told), Key(number, text))
            for key, number, text, *told in self.at_once().values_list(*columns)
        ]

    def group_of(self, key: int) -> Key:
        """Return the group of an item; without a value that is the one of the rest."""
        rows = self._values.filter(item=key).values_list("number", "text")
        return Key(*(rows.first() or NONE))

    @property
    def _values(self) -> QuerySet[PropertyValue]:
        """The value of each row that tells its group: of several the first."""
        return PropertyValue.objects.filter(index=self.index, position=0)

    @property
    def _sort_index(self) -> PropertyIndex:
        query = self.selection.query
        return cast("PropertyIndex", self.selection.indexes.get(query.sort))

    @property
    def _groups(self) -> Order:
        by_text = self.column.sorts_by_text
        return Order(
            rows=self._values,
            value="text" if by_text else "number",
            key="item_id",
            is_descending=False,
            has_texts=not by_text and self.column.family is not Family.CHOICE,
        )

    @property
    def _apart(self) -> str:
        """The column that tells apart what is sorted alike."""
        return "number" if self.column.sorts_by_text else "text"

    def _run_of(self, group: Key) -> Any:
        """Return what a group is sorted by: those that have the same are one run."""
        by_text = self.column.sorts_by_text
        return group.text if by_text else self._groups.told(*group)

    def _end_of(self, group: Key) -> Cursor:
        """Return the position beyond all rows of a run."""
        key = NO_KEY if self.is_backward else LAST_KEY
        return Cursor(order="", value=self._run_of(group), id=key)

    def _is_mixed(self, group: Key) -> bool:
        """Tell whether a run has other groups as well.

        Users may have one name; all that is no option any more comes behind those.
        """
        is_user = self.column.family is Family.USER
        if is_user and self.known is not None:
            return group.text in self.known.alike
        is_former = group.number == len(places_of(self.column))
        is_former = is_former and self.column.family is Family.CHOICE
        if group == NONE or not (is_user or is_former):
            return False
        found = _among(self._values, group, without=self._apart).order_by()
        return len(found.values_list(self._apart).distinct()[:2]) > 1

    def _is_short(self, group: Key) -> bool:
        """Tell whether a group is known to have few rows; the largest are counted."""
        if self.known is None:
            return False
        return self.known.counts.get(group, self.known.others) <= SHORT

    def _of_first(self, group: Key, most: int) -> list[Found]:
        """Return the first rows of the run of a group."""
        if self._is_mixed(group):
            return self._of_run(group, most)
        return self._of_group(group, None, most)

    def _by_group(self, start: Cursor | None, most: int) -> list[tuple[int, Key]]:
        """Return the first rows by their groups alone, each with its own."""
        few = self.selection.whole(self.index).filter(position=0)
        columns = ("number", "text")
        rows = self._first(self._groups, start, most, columns, few=few)
        return [(key, Key(*told)) for key, *told in rows]

    def _of_group(
        self, group: Key, start: Cursor | At | None, most: int
    ) -> list[Found]:
        """Return the first rows of a group beyond one of them."""
        told = _among(self._values, group).filter(item=OuterRef(self.order.key))
        selected = _among(self.selection.values(self.index), group, position=0)
        few = self._sort_rows(selected.values("item_id"))
        columns = self.order.values
        held = Q(ExistsHere(told))
        rows = self._first(
            self.order,
            start,
            most,
            columns,
            few=few,
            held=held,
            is_short=self._is_short(group),
        )
        return [Found(key, self.order.told(*told), group) for key, *told in rows]

    def _first(
        self,
        order: Order,
        start: Any,
        most: int,
        columns: Sequence[str],
        *,
        few: Rows,
        held: Q | None = None,
        is_short: bool = False,
    ) -> list[tuple[Any, ...]]:
        """Return the first rows of an order that are selected, and for which it holds.

        After a look at so many that most pages are full, the ``few`` are sorted that
        are selected and ``held``.
        """
        found: list[tuple[Any, ...]] = []
        named = (order.key, *columns)
        parts = order.parts(start, is_backward=self.is_backward)
        is_looked_at = self.selection.keys is None and not is_short
        for part in parts if is_looked_at else ():
            want = most - len(found)
            if self.selection.is_all and held is None:
                found += part.rows.values_list(*named)[:want]
                is_end = True
            else:
                told = self.selection.holds(order.key, also=held)
                looked = part.rows[: most * LOOKS_EACH]
                more, is_end = first_held(looked, told, named, want)
                found += more
            if len(found) == most:
                return found
            if not is_end:
                break
        else:
            if is_looked_at:
                return found
        rows = replace(order, rows=few).at_once(start, is_backward=self.is_backward)
        return list(rows.values_list(*named)[:most])

    def _of_run(self, group: Key, most: int, *, is_beyond: bool = False) -> list[Found]:
        """Return the first rows of the run of a group, or of the groups beyond it."""
        rows = self.selection.values(self.index)
        rows = _among(rows, group, without=self._apart, position=0)
        rows = self._by_run(self._sort_rows(rows.values("item_id")))
        lacking = LACKING[self._apart]
        if is_beyond:
            own = getattr(group, self._apart)
            beyond = "apart__lt" if self.is_backward else "apart__gt"
            rows = rows.filter(**{beyond: lacking if own is None else own})
        return [
            Found(
                key,
                self.order.told(*told),
                group._replace(**{self._apart: None if apart == lacking else apart}),
            )
            for key, apart, *told in rows.values_list(
                self.order.key, "apart", *self.order.values
            )[:most]
        ]

    def _sorted(self, rows: Sequence[tuple[int, Key]]) -> list[Found]:
        """Return the rows of whole runs, each of which is sorted."""
        if not rows:
            return []
        groups = dict(rows)
        runs = dict.fromkeys(self._run_of(group) for group in groups.values())
        places = {run: place for place, run in enumerate(runs)}
        told = self._by_run(self._sort_rows(list(groups)))
        found = [
            Found(key, self.order.told(*values), groups[key])
            for key, *values in told.values_list(self.order.key, *self.order.values)
        ]
        return sorted(found, key=lambda row: places[self._run_of(groups[row.key])])

    def _by_run(self, rows: Rows) -> Rows:
        """Return rows of any runs by what tells groups of one apart, each sorted."""
        own = self._values.filter(item=OuterRef(self.order.key)).values(self._apart)[:1]
        rows = rows.annotate(
            apart=Coalesce(Subquery(own), Value(LACKING[self._apart])),
        )
        ordered = replace(self.order, rows=rows)
        ordered_rows = ordered.at_once(None, is_backward=self.is_backward)
        apart = F("apart").desc() if self.is_backward else F("apart").asc()
        return ordered_rows.order_by(apart, *ordered_rows.query.order_by)

    def _sort_rows(self, keys: Any) -> Rows:
        """Return some items as rows that can be sorted."""
        if self.order.key == "pk":
            return Item.objects.live().filter(pk__in=keys)
        rows = PropertyValue.objects.filter(index=self._sort_index, position=0)
        return rows.filter(item__in=keys)


def _ordered(name: str, *, is_backward: bool) -> OrderBy:
    """Return a column in its order, rows without a value behind all others."""
    return OrderBy(
        F(name),
        descending=is_backward,
        nulls_first=is_backward or None,
        nulls_last=not is_backward or None,
    )


def _among(rows: Rows, group: Key, *, without: str = "", **more: Any) -> Rows:
    """Return those rows of an index that are of a group, or of its run."""
    for name, value in group._asdict().items():
        if name != without:
            rows = rows.filter(
                **{
                    name if value is not None else f"{name}__isnull": (
                        True if value is None else value
                    )
                }
            )
    return rows.filter(**more)

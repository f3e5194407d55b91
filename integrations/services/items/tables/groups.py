"""Groups of a table: how many rows have each value, and their sums."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct, field

from integrations.models import Collection, Item
from integrations.providers.typed.fields import Money, Number, User, Value, singles_of
from integrations.providers.typed.plain import plain
from integrations.providers.typed.values import to_number
from integrations.services.items.tables import totals
from integrations.services.items.tables.columns.columns import Column, Family
from integrations.services.items.tables.columns.values import (
    APART,
    Key,
    fold,
    is_apart,
    keys_of,
    load_beside,
    places_of,
    values_of,
)
from integrations.services.items.tables.conditions import Condition
from integrations.services.items.tables.grouping.nested import Known
from integrations.services.items.tables.operators import MOST_LENGTH, NO, YES, Operator
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.totals import Summed, Total

MOST_GROUPS = 50
# Enough of an id to tell two users apart.
SHOWN_ID = 8
MOST_SUMS = 2
CURRENCY_LENGTH = 3
MOST_DIGITS, MOST_DECIMALS = 12, 6
SUMMED = frozenset({"money", "number"})


class Group(Struct, frozen=True, kw_only=True):
    """The rows of one value: their number, and sums by column, one for each currency.

    ``key`` is what their value is compared by, and ``condition`` filters for them; a
    value that is none is the group of the rest. ``unsummed`` are how many rows, by
    column, have one currency too many for a sum.
    """

    key: Key
    label: str
    count: int
    condition: Condition
    sums: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    unsummed: Mapping[str, int] = field(default_factory=dict)


class Groups(Struct, frozen=True, kw_only=True):
    """The largest groups, in the provider's order where it has one.

    ``unsummed`` are how many shown columns could be summed up as well; ``mistake`` is
    the reference of a mistake of ours that left names of groups raw. ``alike`` are the
    names that users of several groups have, and ``number`` that of all rows.
    """

    column: Column
    summed: Sequence[Column]
    groups: Sequence[Group]
    number: int = 0
    left_out: int = 0
    unsummed: int = 0
    mistake: str = ""
    alike: AbstractSet[str | None] = frozenset()

    @property
    def known(self) -> Known:
        """Return what rows that are sorted in their groups need not ask for."""
        counts = {each.key: each.count for each in self.groups}
        others = min(counts.values()) if self.left_out else 0
        return Known(counts, self.alike, others)

    def places(self, values: Sequence[Value | None]) -> "list[Place]":
        """Return where rows stand that have these values in the column, in order.

        Of several values of one row the first counts.
        """
        places = places_of(self.column)
        shown = {self._compared(each.key): each for each in self.groups}
        found: list[Place] = []
        for value in values:
            own = keys_of(value, self.column.family, places=places)[0]
            key = self._compared(own)
            group = shown.get(key)
            label = group.label if group else self._label(value, own)
            found.append(Place(key, label, group))
        return found

    def _compared(self, key: Key) -> Key:
        """Return what tells a group from all others: most are told by their text."""
        is_number_told = self.column.family is Family.BOOLEAN or key.text in self.alike
        return key if is_number_told else Key(None, key.text)

    def _label(self, value: Value | None, key: Key) -> str:
        written = _of_value(value, key, self.column)
        return written.label(is_alike=key.text in self.alike)


class Place(NamedTuple):
    """The group of a row: what it is compared by, its label, and it if it is shown."""

    key: Key
    label: str
    group: Group | None


def summed_columns(shown: Sequence[Column]) -> list[Column]:
    """Return those of the shown columns whose numbers are summed up."""
    return _summable(shown)[:MOST_SUMS]


def _summable(shown: Sequence[Column]) -> list[Column]:
    return [column for column in shown if column.kind in SUMMED]


def group(selection: Selection, column: Column, shown: Sequence[Column]) -> Groups:
    """Group the selected rows by a column; one with several values is in several."""
    index = selection.indexes.get(column)
    if index is None:
        return Groups(column=column, summed=(), groups=())
    indexes = {c: selection.indexes.get(c) for c in summed_columns(shown)}
    ready = {c: i for c, i in indexes.items() if i is not None}
    summed = dict(zip(ready, Summed.make(list(ready.values())), strict=True))
    found = totals.of_groups(selection, index, list(summed.values()))
    largest = sorted(found, key=lambda each: (-each.count, each.key.text or ""))
    shown_totals = largest[:MOST_GROUPS]
    alike = _alike(column, found)
    written, mistake = _written(selection.collection, column, shown_totals, alike)
    groups = [
        _to_group(column, list(summed), each, written[each.key], alike=alike)
        for each in shown_totals
    ]
    places = {label: place for place, label in enumerate(column.options)}
    is_ordered = column.family is Family.CHOICE
    groups.sort(
        key=lambda each: (
            each.condition.operator is Operator.EMPTY,
            places.get(each.label, len(places)) if is_ordered else 0,
        )
    )
    return Groups(
        column=column,
        summed=list(summed),
        groups=groups,
        number=sum(each.firsts for each in found),
        left_out=len(largest) - len(shown_totals),
        unsummed=max(0, len(_summable(shown)) - MOST_SUMS),
        mistake=mistake,
        alike=alike,
    )


def _to_group(
    column: Column,
    summed: Sequence[Column],
    total: Total,
    written: "_Written",
    *,
    alike: Container[str | None],
) -> Group:
    is_alike = total.key.text in alike
    return Group(
        key=total.key,
        label=written.label(is_alike=is_alike),
        count=total.count,
        condition=_condition(column, total.key, written, is_alike=is_alike),
        sums={
            c.id: [_amount(amount, currency, c) for currency, amount in sums.items()]
            for c, sums in zip(summed, total.sums, strict=True)
            if sums
        },
        unsummed=dict(zip((c.id for c in summed), total.unsummed, strict=True)),
    )


def _alike(column: Column, found: Sequence[Total]) -> set[str | None]:
    """Return the names that several users have, each of whom has a group."""
    if column.family is not Family.USER:
        return set()
    number = Counter(each.key.text for each in found)
    return {text for text, count in number.items() if count > 1}


def _condition(
    column: Column, key: Key, written: "_Written", *, is_alike: bool
) -> Condition:
    """Return what filters for a group; users of one name are told by identity."""
    if key == Key(None, None):
        return Condition(column=column, operator=Operator.EMPTY)
    # A filter compares no more of it.
    label = " ".join(written.text.split())[:MOST_LENGTH].rstrip()
    if is_apart(key.text):
        return Condition(column=column, operator=Operator.TOLD, values=(label,))
    if column.family is Family.BOOLEAN:
        label = YES if key.number else NO
    # Of some names nothing is compared, so nobody is found by them.
    is_nameless = column.family is Family.USER and not key.text
    if (is_alike or is_nameless) and key.number is not None:
        hint = [written.hint] if written.hint else []
        values = (f"{key.number:.0f}", label, *hint)
        return Condition(column=column, operator=Operator.SAME, values=values)
    return Condition(column=column, operator=Operator.IS, values=(label,))


class _Written(NamedTuple):
    """How a value is written, and what tells a user from another of the same name."""

    text: str
    hint: str = ""

    def label(self, *, is_alike: bool) -> str:
        """Return what its group is called."""
        return f"{self.text} ({self.hint})" if is_alike and self.hint else self.text


def _written(
    collection: Collection,
    column: Column,
    found: Sequence[Total],
    alike: Container[str | None],
) -> tuple[dict[Key, _Written], str]:
    """Return how values are written: as the column's options say, else as an item.

    With them comes the reference of a mistake of ours that left some raw, or none.
    """
    options = {fold(each): each for each in column.options}
    known = {
        each.key: _Written(options[each.key.text or ""])
        for each in found
        if each.key.text in options and each.key.text not in alike
    }
    rest = [each for each in found if each.key not in known]
    samples = Item.objects.only("name", "properties", "remote_id").in_bulk(
        [each.sample for each in rest]
    )
    load_beside(list(samples.values()), [column])
    for each in rest:
        item = samples.get(each.sample)
        value = values_of(item, collection, [column]).get(column.id) if item else None
        known[each.key] = _of_value(value, each.key, column)
    return known, next((i.mistake for i in samples.values() if i.mistake), "")


def _of_value(value: Value | None, key: Key, column: Column) -> _Written:
    if key == Key(None, None):
        return _Written(f"Without {column.label}")
    if value is not None:
        for each in singles_of(value):
            if keys_of(each, column.family, places=places_of(column))[0] == key:
                return _Written(plain(each), _hint(each))
    return _Written((key.text or "").removeprefix(APART) or f"{key.number:g}")


def _hint(value: Value) -> str:
    if not isinstance(value, User):
        return ""
    return value.email or value.id[:SHOWN_ID]


def _amount(total: float, currency: str, column: Column) -> Value:
    # So many digits that what adding floats leaves behind is not seen.
    digits = max(2, MOST_DIGITS - len(f"{abs(total):.0f}"))
    amount = to_number(round(total, min(digits, MOST_DECIMALS))) or Decimal(0)
    if column.kind != "money":
        return Number(amount=amount)
    is_code = len(currency) == CURRENCY_LENGTH and currency.isalpha()
    return Money(
        amount=amount,
        currency=currency if is_code else "",
        symbol="" if is_code else currency,
    )

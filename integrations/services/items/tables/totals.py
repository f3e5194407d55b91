"""Totals of groups: rows counted and numbers summed up by one statement.

Plain SQL, because a join of the table with itself by item cannot be asked for. Rows
are grouped in the order of an index, and each sum is one of its own columns, so that
nothing has to be sorted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection as database
from msgspec import Struct

from integrations.models import PropertyIndex, PropertyValue
from integrations.services.common.database.row_reads import ask
from integrations.services.items.tables import kept_totals
from integrations.services.items.tables.columns.columns import Family
from integrations.services.items.tables.columns.values import MORE, SINGLE, Key
from integrations.services.items.tables.indexing import currencies
from integrations.services.items.tables.indexing.currencies import MOST_CURRENCIES
from integrations.services.items.tables.selection import Selection


class Summed(Struct, frozen=True, kw_only=True):
    """An index whose numbers are summed up, each of its first currencies by itself.

    Of those that it has more, only the rows are counted.
    """

    index: PropertyIndex
    currencies: Sequence[str]
    has_more: bool = False

    @classmethod
    def make(cls, indexes: Sequence[PropertyIndex]) -> "list[Summed]":
        """Sum up indexes that were prepared for it, which tell their currencies."""
        told = [currencies.read(each) for each in indexes]
        return [
            cls(
                index=each,
                currencies=found[:MOST_CURRENCIES],
                has_more=len(found) > MOST_CURRENCIES,
            )
            for each, found in zip(indexes, told, strict=True)
        ]


class Total(Struct, frozen=True, kw_only=True):
    """The rows of one value: how many, one of their items, and a sum by currency.

    ``firsts`` are the rows of which it is the first value, so that those of all totals
    together are each row once. ``unsummed`` are how many have an amount in a currency
    that has no sum.
    """

    key: Key
    count: int
    sample: int
    firsts: int
    sums: Sequence[Mapping[str, float]] = ()
    unsummed: Sequence[int] = ()


def of_groups(
    selection: Selection, index: PropertyIndex, summed: Sequence[Summed]
) -> list[Total]:
    """Return the totals of the values of an index among the selected rows.

    By their text, or where there is none by their number: one that is written alike
    and is not the same, as two users of one name are, is told apart by both.
    """
    # All yes and no have the same text, none.
    is_boolean = index.family == Family.BOOLEAN
    by = ("number", "text") if is_boolean else ("text",)
    found, alike = [], []
    try:
        rows = _fetch(selection, index, summed, by=by)
    except EmptyResultSet:
        # Known to be none without asking, as where no row has the value of a filter.
        return []
    for row in rows:
        text, number, most, *_ = row
        if number != most:
            alike.append(text)
        else:
            found.append(_total(row, summed))
    if alike:
        both = _fetch(selection, index, summed, by=("text", "number"), among=alike)
        found += [_total(row, summed) for row in both]
    return found


def _total(row: Sequence[Any], summed: Sequence[Summed]) -> Total:
    text, number, _, count, sample, firsts, *sums = row
    left = iter(sums)
    by_currency = [
        {
            currency: total
            for currency, total in zip(each.currencies, left, strict=False)
            if total is not None
        }
        for each in summed
    ]
    unsummed = [next(left) if each.has_more else 0 for each in summed]
    return Total(
        key=Key(number, text),
        count=count,
        sample=sample,
        firsts=firsts,
        sums=by_currency,
        unsummed=unsummed,
    )


def _fetch(
    selection: Selection,
    index: PropertyIndex,
    summed: Sequence[Summed],
    *,
    by: Sequence[str],
    among: Sequence[str] = (),
) -> Sequence[tuple[Any, ...]]:
    """Return the totals as rows; a search and a relation ask other tables as well."""
    sql, parameters = _statement(selection, index, summed, by=by, among=among)
    if selection.hits is not None or selection.linked is not None:
        return ask(sql, parameters)
    used = [index, *(each.index for each in summed), *(i for _, i in selection.used)]
    return kept_totals.ask(sql, parameters, used, ask)


def _statement(
    selection: Selection,
    index: PropertyIndex,
    summed: Sequence[Summed],
    *,
    by: Sequence[str],
    among: Sequence[str] = (),
) -> tuple[str, list[Any]]:
    """Return the SQL and its parameters: every name in it is one of ours."""
    told = ("text", "number", "item_id", "position")
    rows = selection.whole(index).order_by().values(*told)
    if index.family not in SINGLE:
        rows = rows.exclude(number=MORE)
    if among:
        rows = rows.filter(text__in=among)
    grouped, within = rows.query.sql_with_params()
    table, sums, joins = _table(), "", ""
    of_sums: list[Any] = []
    of_joins: list[Any] = []
    for place, each in enumerate(summed):
        for currency in each.currencies:
            sums += f", SUM(s{place}.number) FILTER (WHERE s{place}.text = %s)"
            of_sums.append(currency)
        joins += (
            f" LEFT JOIN {table} s{place} ON s{place}.index_id = %s"
            f" AND s{place}.item_id = g.item_id AND s{place}.position = 0"
        )
        of_joins.append(each.index.pk)
    for place, each in enumerate(summed):
        if each.has_more:
            known = ", ".join(["%s"] * len(each.currencies))
            sums += (
                f", COUNT(s{place}.number)"
                f" FILTER (WHERE s{place}.text NOT IN ({known}))"
            )
            of_sums += each.currencies
    names = ", ".join(f"g.{name}" for name in by)
    sql = (
        f"SELECT g.text, {_of_each(index, by)}{sums}"
        f" FROM ({grouped}) g{joins} GROUP BY {names}"
    )
    return sql, [*of_sums, *within, *of_joins]


def _of_each(index: PropertyIndex, by: Sequence[str]) -> str:
    """Return what is told of each group: least and most number, rows, an item, firsts.

    SQLite tells a column of any row without comparing all of them, a tenth of its work:
    https://www.sqlite.org/lang_select.html#bareagg
    """
    is_any = database.vendor == "sqlite"
    # The text of a choice tells its number.
    is_one = "number" in by or (is_any and index.family == Family.CHOICE)
    numbers = "g.number, g.number" if is_one else "MIN(g.number), MAX(g.number)"
    item = "g.item_id" if is_any else "MIN(g.item_id)"
    return f"{numbers}, COUNT(*), {item}, COUNT(*) FILTER (WHERE g.position = 0)"


def _table() -> str:
    return database.ops.quote_name(PropertyValue._meta.db_table)  # noqa: SLF001 (Django documents _meta)

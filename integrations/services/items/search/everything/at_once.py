"""Ask the index for several conditions, or read several lists, by one statement."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import connection as database
from django.db.models import BooleanField, F, IntegerField, OrderBy, QuerySet
from django.db.models.expressions import RawSQL

from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import listing
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.search import full_text
from integrations.services.items.search.conditions import Condition
from integrations.services.items.search.full_text import ITEM_KEYS, TABLE, Hits
from integrations.services.items.search.search_query import Rank

Statement: TypeAlias = tuple[str, Sequence[Any]]
_NONE: Statement = ("", ())


class Held(NamedTuple):
    """A row that was looked at, and the rank of what it holds, None for nothing."""

    key: int
    type: str
    rank: int | None


def in_order(items: ItemQuerySet) -> list[ItemQuerySet]:
    """Return the parts of a list, those changed last first, each read by an index."""
    return listing.ranges(items, ItemQuery(), None)


def latest() -> tuple[OrderBy, str]:
    """Return the same order for few rows: those without a time are the last."""
    return F(ItemQuery().order.field).desc(nulls_last=True), "-id"


def ask_whole(
    condition: Condition, parts: Sequence[Condition], ordered: ItemQuerySet
) -> tuple[Hits, list[Hits]]:
    """Ask the index for all that is found, and for some parts of it.

    PostgreSQL's index puts all that it finds together before it tells the first. There
    it is not asked for all, and no keys are known, where many of the first rows of a
    list hold the condition.
    """
    few = most = str(full_text.FEW + 1)
    before = _NONE
    numbers: list[Statement] = []
    if database.vendor == "postgresql":
        held = ordered.annotate(is_held=full_text.holds(condition))
        rows, values = _to_statement(held.values_list("is_held")[: full_text.STEPS[0]])
        number = f"SELECT COUNT(*) AS number FROM ({rows}) AS r WHERE is_held"
        before = (f"WITH looked AS MATERIALIZED ({number})", values)
        numbers = [("SELECT number FROM looked", ())]
        is_rare = f"(SELECT number FROM looked) < {full_text.ENOUGH}"
        most = f"CASE WHEN {is_rare} THEN {few} ELSE 0 END"
    asked = [
        _to_select(condition, most),
        *(_to_select(part, few) for part in parts),
        *numbers,
    ]
    whole, *found = ([row[0] for row in rows] for rows in _read_each(asked, before))
    seen = found.pop()[0] if numbers else 0
    all_hits = _to_hits(condition, whole)
    if seen >= full_text.ENOUGH:
        all_hits = _to_hits(condition, None)
    some = zip(parts, found, strict=True)
    return all_hits, [_to_hits(part, keys) for part, keys in some]


def rank_of(ranked: Mapping[Rank, Condition], found: Condition) -> RawSQL:
    """Return the rank of an item by its text, null where it is not found."""
    asked = sorted(ranked.items())
    cases, parameters = list[str](), list[str]()
    # The ranks share all that is found: what is of no other is of the last.
    last, _ = asked.pop()
    for rank, condition in asked:
        matches, values = full_text.to_test(condition)
        cases.append(f"WHEN {matches} THEN {int(rank)}")
        parameters += values
    matches, values = full_text.to_test(found)
    cases.insert(0, f"WHEN NOT ({matches}) THEN NULL")
    table, key = database.ops.quote_name(TABLE), full_text.key_column()
    rank_sql = f"CASE {' '.join(cases)} ELSE {int(last)} END"
    return RawSQL(
        f"SELECT {rank_sql} FROM {table} WHERE {key} = {ITEM_KEYS['pk']}",
        [*values, *parameters],
        output_field=IntegerField(),
    )


def read_held(lists: Sequence[ItemQuerySet], rank: RawSQL) -> list[list[Held]]:
    """Read the rows of some lists, each with the rank of what it holds."""
    asked = [
        _to_statement(each.annotate(held=rank).values_list("pk", "type", "held"))
        for each in lists
    ]
    return [[Held(*row) for row in rows] for rows in _read_each(asked)]


def first_each(
    wanted: Sequence[tuple[Condition, ItemQuerySet]], most: int
) -> list[list[int]]:
    """Return the first keys of some items that hold a condition, however spread."""
    found: list[list[int] | None] = [None] * len(wanted)
    if database.vendor == "postgresql" and wanted:
        found = _first_by_index(wanted, most)
    walked = [
        _to_statement(part.values_list("pk")[:most])
        for (condition, items), keys in zip(wanted, found, strict=True)
        if keys is None
        for part in in_order(_to_hits(condition, None).among(items))
    ]
    parts = iter(_read_each(walked))
    for place, keys in enumerate(found):
        if keys is None:
            rows = [*next(parts), *next(parts)]
            found[place] = [key for (key,) in rows[:most]]
    return [keys or [] for keys in found]


def _first_by_index(
    wanted: Sequence[tuple[Condition, ItemQuerySet]], most: int
) -> list[list[int] | None]:
    """Return them by what PostgreSQL's index finds, None where that is very many.

    As lists that the index makes first. PostgreSQL takes what is found for evenly
    spread, and would walk through a million rows in their order to find the first of
    those that are all elsewhere.
    """
    names = {condition: "" for condition, _ in wanted}
    tables, values, numbers = list[str](), list[str](), list[Statement]()
    for condition in names:
        name = names[condition] = f"found_{len(tables)}"
        statement, parameter = full_text.select_some(condition, str(full_text.MANY + 1))
        tables.append(f"{name} AS MATERIALIZED ({statement})")
        values.append(parameter)
        numbers.append((f"SELECT COUNT(*) FROM {name}", ()))
    asked = list[Statement]()
    for condition, items in wanted:
        name = names[condition]
        are_some = f"(SELECT COUNT(*) FROM {name}) <= {full_text.MANY}"
        keys = f"ARRAY(SELECT {full_text.key_column()} FROM {name} WHERE {are_some})"
        is_found = RawSQL(
            f"{ITEM_KEYS['pk']} = ANY({keys})", (), output_field=BooleanField()
        )
        rows = items.filter(is_found).order_by(*latest()).values_list("pk")
        asked.append(_to_statement(rows[:most]))
    before = (f"WITH {', '.join(tables)}", values)
    answers = _read_each([*numbers, *asked], before)
    counted, found = answers[: len(numbers)], answers[len(numbers) :]
    known = {
        condition
        for condition, [(number,)] in zip(names, counted, strict=True)
        if number <= full_text.MANY
    }
    return [
        [key for (key,) in keys] if condition in known else None
        for (condition, _), keys in zip(wanted, found, strict=True)
    ]


def _to_hits(condition: Condition, keys: list[int] | None) -> Hits:
    """Return what the index told, keys unless it was not asked."""
    are_few = keys is not None and len(keys) <= full_text.FEW
    return Hits(condition=condition, keys=keys or [], are_few=are_few)


def _to_select(condition: Condition, most: str) -> Statement:
    statement, parameter = full_text.select_some(condition, most)
    return statement, (parameter,)


def _to_statement(rows: QuerySet[Any, Any]) -> Statement:
    try:
        statement, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return _NONE
    return statement, values


def _read_each(
    asked: Sequence[Statement], before: Statement = _NONE
) -> list[list[tuple[Any, ...]]]:
    """Return the rows of each of some statements, in its own order.

    What stands ``before`` names what they share.
    """
    selects, parameters = list[str](), list[Any](before[1])
    for place, (statement, values) in enumerate(asked):
        if statement:
            selects.append(f"SELECT {place} AS place, r.* FROM ({statement}) AS r")
            parameters += values
    found: list[list[tuple[Any, ...]]] = [[] for _ in asked]
    if selects:
        with full_text.reading().cursor() as cursor:
            cursor.execute(f"{before[0]} {' UNION ALL '.join(selects)}", parameters)
            for place, *row in cursor.fetchall():
                found[place].append(tuple(row))
    return found

"""Ask the index for several conditions, or read several lists, by one statement."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import connection as database
from django.db.models import F, IntegerField, OrderBy, QuerySet
from django.db.models.expressions import RawSQL

from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import listing
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.search import full_text
from integrations.services.items.search.conditions import Condition
from integrations.services.items.search.full_text import ITEM_KEYS, TABLE
from integrations.services.items.search.search_query import Rank

Statement: TypeAlias = tuple[str, Sequence[Any]]
_NONE: Statement = ("", ())
# So many that the index finds are looked up in a large account, and no more.
MOST_FOUND: Final = 4000
# The order of a list: those changed last first.
LATEST: Final = ItemQuery().order.field


class Held(NamedTuple):
    """A row that was looked at, and the rank of what it holds, None for nothing."""

    key: int
    type: str
    rank: int | None


class Found(NamedTuple):
    """The ``keys`` of all that was found, None where these are not known.

    They are not where there are ``too_many`` to be looked up, or where nobody counted.
    """

    keys: list[int] | None
    too_many: bool


class Told(NamedTuple):
    """An item that the index told of: the so-manieth of its rank and type, of how many.

    ``place`` counts from 1 in the order of a list, those changed last first.
    """

    rank: int
    place: int
    type: str
    key: int
    number: int


def in_order(items: ItemQuerySet) -> list[ItemQuerySet]:
    """Return the parts of a list, those changed last first, each read by an index."""
    return listing.ranges(items, ItemQuery(), None)


def latest() -> tuple[OrderBy, str]:
    """Return the same order for few rows: those without a time are the last."""
    return F(LATEST).desc(nulls_last=True), "-id"


def ask_whole(
    condition: Condition,
    parts: Sequence[Condition],
    ordered: ItemQuerySet,
    *,
    most: int,
) -> tuple[Found, list[Found]]:
    """Ask the index for all that is found, and for some parts of it.

    PostgreSQL's index puts all that it finds together before it tells the first. There
    it is not asked, and no keys are known, for what many of the first rows of a list
    hold; and parts are told up to so many as are the ``most`` to be looked up, so that
    nobody has to ask again.
    """
    wanted = [condition, *parts]
    if database.vendor == "sqlite":
        few = str(full_text.FEW + 1)
        answers = _read_each([_to_select(each, few) for each in wanted])
        whole, *some = (
            _to_found([key for (key,) in rows], len(rows), full_text.FEW)
            for rows in answers
        )
        return whole, some
    limits = [full_text.FEW, *(max(most, full_text.FEW) for _ in parts)]
    looked, parameters = _look_at(wanted, ordered)
    named, told, key = [looked], list[Statement](), full_text.key_column()
    for place, (each, limit) in enumerate(zip(wanted, limits, strict=True)):
        is_much = (
            f"(SELECT COUNT(*) FROM looked WHERE held & {2**place} > 0)"
            f" >= {full_text.ENOUGH}"
        )
        limited = f"CASE WHEN {is_much} THEN 0 ELSE {limit + 1} END"
        select, values = _to_select(each, limited)
        parameters += values
        named.append(f"found{place} AS MATERIALIZED ({select})")
        told.append(
            (
                (
                    f"SELECT CASE WHEN {is_much} THEN -1 ELSE COUNT(*) END,"
                    f" CASE WHEN COUNT(*) <= {limit} THEN ARRAY_AGG({key}) END"
                    f" FROM found{place}"
                ),
                (),
            )
        )
    answers = _read_each(told, (f"WITH {', '.join(named)}", parameters))
    pairs = zip(answers, limits, strict=True)
    whole, *some = (_to_found(keys or [], n, limit) for [(n, keys)], limit in pairs)
    return whole, some


def _to_found(keys: list[int], number: int, most: int) -> Found:
    """Return what is known of so many that were found; of a negative number nothing."""
    is_known = 0 <= number <= most
    is_too_much = number > max(MOST_FOUND, full_text.FEW)
    return Found(keys if is_known else None, is_too_much)


def _look_at(
    wanted: Sequence[Condition], ordered: ItemQuerySet
) -> tuple[str, list[Any]]:
    """Name what the first rows of a list hold, a bit for each of some conditions.

    Of rows that do not hold the first of them no other one is asked.
    """
    (whole, first_values), *tests = map(full_text.to_test, wanted)
    bits = "".join(
        f" + {2**place} * ({matches})::int"
        for place, (matches, _) in enumerate(tests, start=1)
    )
    values = [*first_values, *(value for _, each in tests for value in each)]
    held = _of_text(f"CASE WHEN {whole} THEN 1{bits} ELSE 0 END", values)
    first = ordered.annotate(held=held).values_list("held")[: full_text.STEPS[0]]
    rows, parameters = _to_statement(first)
    return f"looked AS MATERIALIZED ({rows})", [*parameters]


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
    rank_sql = f"CASE {' '.join(cases)} ELSE {int(last)} END"
    return _of_text(rank_sql, [*values, *parameters])


def _of_text(told: str, parameters: Sequence[str]) -> RawSQL:
    """Return a number that SQL tells of the text of an item."""
    table, key = database.ops.quote_name(TABLE), full_text.key_column()
    statement = f"SELECT {told} FROM {table} WHERE {key} = {ITEM_KEYS['pk']}"
    return RawSQL(statement, parameters, output_field=IntegerField())


def read_held(lists: Sequence[ItemQuerySet], rank: RawSQL) -> list[list[Held]]:
    """Read the rows of some lists, each with the rank of what it holds."""
    asked = [
        _to_statement(each.annotate(held=rank).values_list("pk", "type", "held"))
        for each in lists
    ]
    return [[Held(*row) for row in rows] for rows in _read_each(asked)]


def ask_ranks(
    ranked: Mapping[Rank, Condition],
    live: ItemQuerySet,
    *,
    limit: int,
    most: int,
    known: Mapping[Rank, Collection[int]],
) -> dict[Rank, list[Told]]:
    """Ask the index for all live items of some ranks, and return the first of each.

    It is not asked for ranks whose keys are ``known``, of deleted ones as well. Ranks
    are left out from where they have more items together than the limit, deleted ones
    as well: so many are looked up one by one.
    """
    selects, values = list[str](), list[Any]()
    key = full_text.key_column()
    for rank, condition in ranked.items():
        if rank in known:
            keys = "UNNEST((SELECT %s::bigint[]))"
            selects.append(f"SELECT {int(rank)} AS rank, {keys} AS item")
            values.append([*known[rank]])
            continue
        some, parameter = full_text.select_some(condition, str(limit + 1))
        selects.append(f"SELECT {int(rank)} AS rank, {key} AS item FROM ({some}) AS f")
        values.append(parameter)
    rows, parameters = _to_statement(live.order_by().values_list("id", "type", LATEST))
    if not (selects and rows):
        return {rank: [] for rank in ranked}
    # What is found is looked up: a planner that began with the items would read all.
    statement = (
        f"WITH found AS ({' UNION ALL '.join(selects)}), too_many AS ("
        "SELECT rank FROM (SELECT rank, SUM(COUNT(*)) OVER (ORDER BY rank) AS number"
        f" FROM found GROUP BY rank) AS n WHERE number > {limit}), told AS ("
        "SELECT rank, type, id, COUNT(*) OVER (PARTITION BY rank, type) AS number,"
        " ROW_NUMBER() OVER (PARTITION BY rank, type"
        f" ORDER BY {LATEST} DESC NULLS LAST, id DESC) AS place"
        f" FROM found CROSS JOIN ({rows}) AS i WHERE i.id = found.item"
        " AND rank NOT IN (SELECT rank FROM too_many))"
        f" SELECT rank, place, type, id, number FROM told WHERE place <= {most}"
        " UNION ALL SELECT rank, 0, '', 0, 0 FROM too_many"
    )
    with full_text.reading().cursor() as cursor:
        cursor.execute(statement, [*values, *parameters])
        answers = sorted(map(Told._make, cursor.fetchall()))
    unknown = {each.rank for each in answers if not each.place}
    return {
        rank: [each for each in answers if each.rank == rank]
        for rank in ranked
        if rank not in unknown
    }


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

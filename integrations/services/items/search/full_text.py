"""Find items by words: full-text on SQLite (FTS5) and PostgreSQL (GIN).

Both index the same words, made here in Python, so that a search finds the same rows
on either database. Matches in names are told from others by words of their own, and
each word names whose it is.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeVar

from django.db import connection as database
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    Exists,
    F,
    OuterRef,
    QuerySet,
)
from django.db.models.expressions import RawSQL
from msgspec import Struct

from integrations.models.items.item import Item, ItemQuerySet
from integrations.services.common.database.row_writes import write_rows
from integrations.services.items.search.conditions import (
    Condition,
    all_of,
    to_fts5,
    to_instr,
    to_tsquery,
)
from integrations.services.items.search.search_query import (
    MAX_LENGTH,
    Rank,
    SearchQuery,
)
from integrations.services.items.search.texts import owner_mark
from integrations.services.items.search.words import query_units

TABLE = "integrations_item_search"
# What rows call the key of their item: items, and values of a property.
ITEM_KEYS = {
    "pk": "integrations_item.id",
    "item_id": "integrations_propertyvalue.item_id",
}
# Up to so many hits it is quickest to fetch them all.
FEW = 1000
# Up to so many it is quicker to look up each of them than to walk through a list.
MANY = 20_000
# How many rows are looked at one by one, where there are more hits.
STEPS = (600, 3000)
# So many among the first of them mean that there are many.
ENOUGH = 50
Rows = TypeVar("Rows", bound=QuerySet[Any])


def index(added: Mapping[int, str], changed: Mapping[int, str]) -> None:
    """Write the search texts of items by key, in the caller's transaction.

    A text that is the same is not written again.
    """
    key, table = key_column(), database.ops.quote_name(TABLE)
    if database.vendor == "postgresql":
        column, value = "words", "array_to_tsvector(string_to_array(%s, ' '))"
        write_rows(
            f"UPDATE {table} SET words = new.words FROM (VALUES",
            f"(%s, {value})",
            list(changed.items()),
            after=(
                f") AS new (item_id, words) WHERE {table}.item_id = new.item_id"
                f" AND {table}.words IS DISTINCT FROM new.words"
            ),
        )
    else:
        # Spaces around it, because ``holds`` looks for words between spaces.
        column, value = "text", "' ' || %s || ' '"
        _update_texts(f"UPDATE {table} SET text = {value}", value, changed)
    write_rows(
        f"INSERT INTO {table} ({key}, {column}) VALUES",
        f"(%s, {value})",
        list(added.items()),
    )


def _update_texts(update: str, value: str, changed: Mapping[int, str]) -> None:
    """Update SQLite's rows by one prepared statement."""
    if changed:
        with database.cursor() as cursor:
            cursor.executemany(
                f"{update} WHERE rowid = %s AND text <> {value}",
                [(text, pk, text) for pk, text in changed.items()],
            )


class Hits(Struct, frozen=True, kw_only=True, dict=True):
    """What is found: all ``keys`` where they ``are_few``, else some of them.

    ``seen`` is how many were among the first rows of the whole list, if that was
    enough to know.
    """

    condition: Condition | None
    keys: list[int]
    are_few: bool = True
    seen: int = 0

    def among(self, queryset: Rows, item: str = "pk") -> Rows:
        """Filter for the items that were found.

        ``item`` is what rows call their item's key: items "pk", values "item_id".
        """
        if self.condition is None or self.are_few:
            return queryset.filter(**{f"{item}__in": self.keys})
        statement, parameter = _select(self.condition)
        found = RawSQL(statement, (parameter,))
        if database.vendor == "postgresql":
            return queryset.filter(**{f"{item}__in": found})
        # Left to itself SQLite fetches and sorts every row that was found. The sum
        # makes it walk the list in its order instead, and stop when the page is full.
        return queryset.alias(key=F(item) + 0).filter(key__in=found)

    def first(self, ordered: ItemQuerySet, want: int) -> list[int]:
        """Return the keys of the first rows of an ordered list that were found.

        Where there are many hits, rows are looked at one by one: frequent words are
        found in a moment so, however long the list, while the index would fetch every
        hit there is. Rare ones among them it finds quicker.
        """
        if self.condition is not None and not self.are_few:
            keys: list[int] = []
            looked = 0
            for step in STEPS:
                rows = ordered[looked : looked + step]
                found, are_all = _look(rows, self.condition, step)
                looked += step
                keys += found
                if are_all or len(keys) >= want:
                    return keys[:want]
                if are_rare(len(keys), want, looked):
                    break
        return list(self.all_of(ordered).values_list("pk", flat=True)[:want])

    def all_of(self, items: ItemQuerySet) -> ItemQuerySet:
        """Return those of a list that were found, however they are spread in it."""
        if self.are_few or self.condition is None:
            return with_keys(items, self.keys)
        if database.vendor == "sqlite" or self._are_very_many:
            return self.among(items)
        # As a list that the index makes first. PostgreSQL takes what is found for
        # evenly spread, and would walk through a million rows in their order to find
        # the first of those that are all elsewhere.
        statement, parameter = _select(self.condition)
        is_among = f"{ITEM_KEYS['pk']} = ANY(ARRAY({statement}))"
        return items.filter(RawSQL(is_among, (parameter,), output_field=BooleanField()))

    @cached_property
    def _are_very_many(self) -> bool:
        """Whether rows in their order hold more than can be looked up one by one."""
        return self.condition is not None and _finds_more(self.condition, MANY)


def are_rare(found: int, want: int, looked: int) -> bool:
    """Tell whether so many found among those looked at are too few to look on."""
    return found * sum(STEPS) < want * looked


def _look(
    rows: ItemQuerySet, condition: Condition, size: int
) -> tuple[list[int], bool]:
    """Return the keys of those of some rows that were found, and if the list ended."""
    answers = list(rows.values_list("pk", holds(condition)))
    return [pk for pk, is_hit in answers if is_hit], len(answers) < size


def with_keys(queryset: ItemQuerySet, keys: list[int] | RawSQL) -> ItemQuerySet:
    """Filter for some keys, in the queryset's order; columns and joins are lost.

    Asked for an owner and for keys at once, SQLite reads all rows of the owner. Asked
    whether each key is among them, it reads the rows of those keys.
    """
    is_there = Exists(queryset.order_by().filter(pk=OuterRef("pk")))
    found = Item.objects.filter(is_there, pk__in=keys)
    return found.order_by(*queryset.query.order_by)


def ask_index(condition: Condition | None) -> Hits:
    """Ask the index for what holds a condition; no condition finds nothing."""
    if condition is None:
        return Hits(condition=None, keys=[])
    statement, parameter = select_some(condition, str(FEW + 1))
    with reading().cursor() as cursor:
        cursor.execute(statement, (parameter,))
        keys = [row[0] for row in cursor.fetchall()]
    return Hits(condition=condition, keys=keys, are_few=len(keys) <= FEW)


def keys_of(condition: Condition, *, most: int) -> RawSQL:
    """Return some keys of what holds a condition, to be asked for as a part of more."""
    found, parameter = _select(condition)
    return RawSQL(f"SELECT * FROM ({found} LIMIT %s) AS k", (parameter, most))


def ask(search_query: SearchQuery, ordered: ItemQuerySet) -> Hits:
    """Look at the first rows of a list, and ask the index unless many were found.

    The index puts together the lists of all its words that begin so, which takes
    its time where they are frequent.
    """
    condition = search_query.condition
    if condition is not None:
        keys, are_all = _look(ordered[: STEPS[0]], condition, STEPS[0])
        if are_all:
            return Hits(condition=condition, keys=keys)
        if len(keys) >= ENOUGH:
            return Hits(condition=condition, keys=keys, are_few=False, seen=len(keys))
    return ask_index(condition)


def hits_of(search_query: SearchQuery, rank: Rank, hits: Hits) -> Hits:
    """Return the hits of one rank among all hits of a question.

    The index is not asked for what is not in names where that would be many again.
    """
    condition = search_query.ranked(rank)
    if condition is None or not hits.keys:
        return Hits(condition=None, keys=[])
    if not hits.are_few:
        if rank >= Rank.ELSEWHERE:
            return Hits(condition=condition, keys=hits.keys, are_few=False)
        return ask_index(condition)
    key, table = key_column(), database.ops.quote_name(TABLE)
    matches, parameters = to_test(condition)
    marks = ", ".join(["%s"] * len(hits.keys))
    statement = f"SELECT {key} FROM {table} WHERE {key} IN ({marks}) AND {matches}"
    with reading().cursor() as cursor:
        cursor.execute(statement, (*hits.keys, *parameters))
        keys = [row[0] for row in cursor.fetchall()]
    return Hits(condition=condition, keys=keys)


def holds(condition: Condition, item: str = "pk") -> RawSQL:
    """Return whether an item's text holds what is asked for.

    ``item`` is what rows call their item's key: items "pk", values "item_id".
    """
    key, table = key_column(), database.ops.quote_name(TABLE)
    matches, parameters = to_test(condition)
    statement = f"SELECT {matches} FROM {table} WHERE {key} = {ITEM_KEYS[item]}"
    return RawSQL(statement, parameters, output_field=BooleanField())


def all_keys(condition: Condition) -> list[int]:
    """Return the keys of all items that hold a condition, however many."""
    statement, parameter = _select(condition)
    with reading().cursor() as cursor:
        cursor.execute(statement, (parameter,))
        return [row[0] for row in cursor.fetchall()]


def to_test(condition: Condition) -> tuple[str, list[str]]:
    """Return the SQL that tests a stored text, and its parameters."""
    if database.vendor == "postgresql":
        return "words @@ %s::tsquery", [to_tsquery(condition)]
    return to_instr(condition, "text")


def _select(condition: Condition) -> tuple[str, str]:
    """Return the SQL that asks the index for keys, and its one parameter."""
    key, table = key_column(), database.ops.quote_name(TABLE)
    if database.vendor == "postgresql":
        matches, parameter = "words @@ %s::tsquery", to_tsquery(condition)
    else:
        matches, parameter = f"{table} MATCH %s", to_fts5(condition)
    return f"SELECT {key} FROM {table} WHERE {matches}", parameter


def select_some(condition: Condition, most: str) -> tuple[str, str]:
    """Return the SQL that asks the index for some keys, and its one parameter.

    PostgreSQL guesses from a word how many rows hold it. Where it expects many it goes
    through all texts for the first few, and to the last one where there are none. Of
    what a query of its own tells it guesses nothing, and asks the index.
    """
    statement, parameter = _select(condition)
    told = statement.replace("%s::tsquery", "(SELECT %s::tsquery)")
    # In SQLite the order of their keys is the index's own.
    order = f" ORDER BY {key_column()}" if database.vendor == "sqlite" else ""
    return f"{told}{order} LIMIT {most}", parameter


def tell_planner() -> None:
    """Update SQLite's planner statistics, in milliseconds; PostgreSQL does so itself.

    Without it SQLite believes that a user has ten items.
    """
    if database.vendor == "sqlite":
        with database.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit = 400")
            cursor.execute("ANALYZE integrations_item")


def finds_as_many(text: str, *, owner_id: int, number: int) -> bool:
    """Tell whether the index finds so many of a user's items, deleted ones as well."""
    condition = whole(text, owner_id)
    return condition is not None and _finds_more(condition, number - 1)


def _finds_more(condition: Condition, number: int) -> bool:
    """Tell whether the index finds more than so many."""
    statement, parameter = select_some(condition, str(number + 1))
    with reading().cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({statement}) AS k", (parameter,))
        return bool(cursor.fetchone()[0] > number)


def whole(text: str, owner_id: int) -> Condition | None:
    """Return that a text holds every word of another one whole, None for no words."""
    units = query_units(text[:MAX_LENGTH])
    return all_of(units, mark=owner_mark(owner_id), is_whole=True) if units else None


def reading() -> BaseDatabaseWrapper:
    """Return where items are read just now, for the index is asked there as well."""
    return connections[router.db_for_read(Item)]


def key_column() -> str:
    """Return what the index calls the key of an item."""
    return "item_id" if database.vendor == "postgresql" else "rowid"

"""Find items by words: full-text on SQLite (FTS5) and PostgreSQL (GIN).

Both index the same words, made here in Python, so that a search finds the same rows
on either database. Matches in names are told from others by words of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from django.db import connection as database
from django.db.models import F
from django.db.models.expressions import RawSQL

from integrations.models.item import ItemQuerySet
from integrations.services.items.conditions import (
    All,
    AnyOf,
    Condition,
    Except,
    Word,
    all_of,
    to_fts5,
    to_instr,
    to_tsquery,
)
from integrations.services.items.search_texts import NAME_WORD, WHOLE_NAME
from integrations.services.items.words import Unit, query_units, to_key

TABLE = "integrations_item_search"
MAX_LENGTH = 200
# Up to so many hits it is quickest to fetch them all.
FEW = 1000
# How many rows are looked at one by one, where there are more hits.
STEPS = (600, 3000)


class Rank(IntEnum):
    """Where the words of a search are found, best first."""

    NAME = 0
    NAME_BEGINS = 1
    IN_NAME = 2
    ELSEWHERE = 3


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a user searches for."""

    units: tuple[Unit, ...]
    key: str

    @classmethod
    def parse(cls, text: str) -> "Question":
        """Read what was typed; without a letter or digit it finds nothing."""
        text = text[:MAX_LENGTH]
        return cls(units=tuple(query_units(text)), key=to_key(text))

    @property
    def condition(self) -> Condition | None:
        """Return what an item must hold to be found, None where nothing can be."""
        return all_of(self.units) if self.units else None

    def ranked(self, rank: Rank) -> Condition | None:
        """Return the condition of one rank; the ranks share all that is found."""
        if not self.units:
            return None
        found = all_of(self.units)
        whole = Word(f"{WHOLE_NAME}{self.key}", is_whole=True)
        begins = Word(f"{WHOLE_NAME}{self.key}")
        named = all_of(self.units, mark=NAME_WORD)
        if rank is Rank.NAME:
            return All((whole, found))
        if rank is Rank.NAME_BEGINS:
            return Except(All((begins, found)), whole)
        if rank is Rank.IN_NAME:
            return Except(All((named, found)), begins)
        return Except(found, AnyOf((named, begins)))


def index(added: Mapping[int, str], changed: Mapping[int, str]) -> None:
    """Write the search texts of items by key, in the caller's transaction.

    A text that is the same is not written again.
    """
    key, table = _key_column(), database.ops.quote_name(TABLE)
    column, value, differs = "text", "%s", "<>"
    if database.vendor == "postgresql":
        column, differs = "words", "IS DISTINCT FROM"
        value = "array_to_tsvector(string_to_array(%s, ' '))"
    with database.cursor() as cursor:
        if changed:
            cursor.executemany(
                f"UPDATE {table} SET {column} = {value}"
                f" WHERE {key} = %s AND {column} {differs} {value}",
                [(text, pk, text) for pk, text in changed.items()],
            )
        if added:
            cursor.executemany(
                f"INSERT INTO {table} ({key}, {column}) VALUES (%s, {value})",
                list(added.items()),
            )


@dataclass(frozen=True, kw_only=True)
class Hits:
    """What the index finds: ``keys`` are the first of them, by key."""

    statement: str
    parameter: str
    keys: list[int]

    @property
    def are_few(self) -> bool:
        """Tell whether the keys are all there are."""
        return len(self.keys) <= FEW

    def among(self, queryset: ItemQuerySet) -> ItemQuerySet:
        """Filter for the items that were found."""
        if self.are_few:
            return queryset.filter(pk__in=self.keys)
        found = RawSQL(self.statement, (self.parameter,))
        if database.vendor == "postgresql":
            return queryset.filter(pk__in=found)
        # Left to itself SQLite fetches and sorts every row that was found. The sum
        # makes it walk the list in its order instead, and stop when the page is full.
        return queryset.alias(key=F("pk") + 0).filter(key__in=found)


def ask_index(condition: Condition | None) -> Hits:
    """Ask the index for what holds a condition; no condition finds nothing."""
    if condition is None:
        return Hits(statement="", parameter="", keys=[])
    key, table = _key_column(), database.ops.quote_name(TABLE)
    matches, parameter = _matches(condition)
    statement = f"SELECT {key} FROM {table} WHERE {matches}"
    with database.cursor() as cursor:
        cursor.execute(f"{statement} ORDER BY {key} LIMIT %s", (parameter, FEW + 1))
        keys = [row[0] for row in cursor.fetchall()]
    return Hits(statement=statement, parameter=parameter, keys=keys)


def first(
    ordered: ItemQuerySet, condition: Condition | None, hits: Hits, *, want: int
) -> list[int]:
    """Return the keys of the first rows of an ordered list that were found.

    Where there are many hits, rows are looked at one by one: frequent words are
    found in a moment so, however long the list, while the index would fetch every
    hit there is. Rare ones among them it finds quicker.
    """
    if condition is not None and not hits.are_few:
        keys, looked = [], 0
        for step in STEPS:
            rows = ordered.values_list("pk", _holds(condition))
            answers = list(rows[looked : looked + step])
            looked += step
            keys += [pk for pk, is_hit in answers if is_hit]
            if len(answers) < step or len(keys) >= want:
                return keys[:want]
            if len(keys) * sum(STEPS) < want * looked:
                break
    return list(hits.among(ordered).values_list("pk", flat=True)[:want])


def _holds(condition: Condition) -> RawSQL:
    """Return whether an item's text holds what is asked for."""
    key, table = _key_column(), database.ops.quote_name(TABLE)
    parameters: list[str]
    if database.vendor == "postgresql":
        matches, parameter = _matches(condition)
        parameters = [parameter]
    else:
        matches, parameters = to_instr(condition, "(' ' || text || ' ')")
    statement = f"SELECT {matches} FROM {table} WHERE {key} = integrations_item.id"
    return RawSQL(statement, parameters)


def _matches(condition: Condition) -> tuple[str, str]:
    """Return the SQL that asks the index, and its one parameter."""
    if database.vendor == "postgresql":
        return "words @@ %s::tsquery", to_tsquery(condition)
    return f"{database.ops.quote_name(TABLE)} MATCH %s", to_fts5(condition)


def matching(queryset: ItemQuerySet, text: str) -> ItemQuerySet:
    """Filter for items that hold every word of the text; no text filters nothing."""
    if not text.strip():
        return queryset
    return ask_index(Question.parse(text).condition).among(queryset)


def tell_planner() -> None:
    """Update SQLite's planner statistics, in milliseconds; PostgreSQL does so itself.

    Without it SQLite believes that a user has ten items.
    """
    if database.vendor == "sqlite":
        with database.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit = 400")
            cursor.execute("ANALYZE integrations_item")


def find_keys(text: str, *, most: int) -> list[int]:
    """Return keys of some items, anybody's, that hold every word of the text whole.

    The caller asks whose they are. The bound is on what the index finds, so that a
    word that is everywhere costs no more than a rare one.
    """
    units = query_units(text[:MAX_LENGTH])
    if not units:
        return []
    key, table = _key_column(), database.ops.quote_name(TABLE)
    matches, parameter = _matches(all_of(units, is_whole=True))
    statement = f"SELECT {key} FROM {table} WHERE {matches} LIMIT %s"
    with database.cursor() as cursor:
        cursor.execute(statement, (parameter, most))
        return [row[0] for row in cursor.fetchall()]


def _key_column() -> str:
    return "item_id" if database.vendor == "postgresql" else "rowid"

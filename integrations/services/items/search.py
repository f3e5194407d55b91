"""Find items by words: full-text on SQLite (FTS5) and PostgreSQL (GIN).

Both index the same text, folded here (case, accents, punctuation), so that a
search finds the same rows on either database.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.db.models import F
from django.db.models.expressions import RawSQL

from integrations.models.item import ItemQuerySet

TABLE = "integrations_item_search"
TEXT_LENGTH = 4000
CONTENT_LENGTH = 100_000
MAX_WORDS = 12
# Up to so many hits it is quickest to fetch them all.
FEW = 1000
# How many rows are looked at one by one, before the index is asked.
STEPS = (600, 3000)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
# The same for plain ASCII, which most texts are, at a tenth of the cost.
_PLAIN = {n: chr(n).lower() if chr(n).isalnum() else " " for n in range(128)}


def fold(text: str) -> list[str]:
    """Return the words of a text without case, accents and punctuation."""
    if text.isascii():
        return text.translate(_PLAIN).split()
    plain = _FOREIGN.sub(_without_marks, unicodedata.normalize("NFKD", text))
    return _WORD.findall(plain.casefold())


def _without_marks(run: re.Match[str]) -> str:
    return "".join(c for c in run[0] if not unicodedata.combining(c))


def search_text(name: str, properties: Mapping[str, Any]) -> str:
    """Return the folded words of a name and of the text among its properties."""
    texts = [name]
    for value in properties.values():
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, (list, dict)):
            texts.extend(_words_within(value))
    # Apart, because one foreign letter would make the whole text a slow one.
    plain = " ".join([text for text in texts if text.isascii()])
    foreign = " ".join([text for text in texts if not text.isascii()])
    words = fold(plain[:TEXT_LENGTH]) + fold(foreign[:TEXT_LENGTH])
    return " ".join(dict.fromkeys(words))


def _words_within(value: Any, *, depth: int = 3) -> Iterator[str]:
    """Yield the texts inside a list or an object: labels, names, values."""
    if isinstance(value, str):
        # Ids of other records are no words anybody searches for.
        if not value.isdigit():
            yield value
    elif depth and isinstance(value, list):
        for each in value[:100]:
            yield from _words_within(each, depth=depth - 1)
    elif depth and isinstance(value, dict):
        for each in list(value.values())[:100]:
            yield from _words_within(each, depth=depth - 1)


def with_content(words: str, text: str) -> str:
    """Add the folded words of an item's own text, each once, to its other words."""
    within = " ".join(dict.fromkeys(fold(text[:CONTENT_LENGTH])))
    return f"{words} {within}".strip()


def index(added: Mapping[int, str], changed: Mapping[int, str]) -> None:
    """Write the search texts of items by key, in the caller's transaction."""
    key, table = _key_column(), database.ops.quote_name(TABLE)
    with database.cursor() as cursor:
        if changed:
            cursor.executemany(
                f"UPDATE {table} SET text = %s WHERE {key} = %s",
                [(text, pk) for pk, text in changed.items()],
            )
        if added:
            cursor.executemany(
                f"INSERT INTO {table} ({key}, text) VALUES (%s, %s)",
                list(added.items()),
            )


@dataclass(frozen=True, kw_only=True)
class Found:
    """Keys in the order of their list, and whether there are no others."""

    keys: list[int]
    is_all: bool


def look(ordered: ItemQuerySet, text: str, *, want: int) -> Found | None:
    """Return the first rows of an ordered list that hold every word of the text.

    They are found by looking at each row, which takes a moment where the words are
    frequent, however long the list; the index would fetch every hit there is. None
    when fewer than ``want`` are among the first rows, and the index is quicker.
    """
    words = fold(text[:200])[:MAX_WORDS]
    if not words:
        return None
    keys: list[int] = []
    looked = 0
    for step in STEPS:
        rows = ordered.values_list("pk", _holds(words))[looked : looked + step]
        answers = list(rows)
        looked += step
        keys += [pk for pk, is_hit in answers if is_hit]
        if len(answers) < step or len(keys) >= want:
            return Found(keys=keys, is_all=len(answers) < step)
        if len(keys) * sum(STEPS) < want * looked:
            break
    return None


def _holds(words: list[str]) -> RawSQL:
    """Return whether an item's text holds words, or longer ones that begin so."""
    key, table = _key_column(), database.ops.quote_name(TABLE)
    find = "strpos" if database.vendor == "postgresql" else "instr"
    each = " AND ".join(f"{find}(' ' || text, %s) > 0" for _ in words)
    statement = f"SELECT {each} FROM {table} WHERE {key} = integrations_item.id"
    return RawSQL(statement, [f" {word}" for word in words])


@dataclass(frozen=True, kw_only=True)
class Hits:
    """What the index finds: the keys if they are few, else how to ask again."""

    statement: str
    question: str
    keys: list[int] | None = None

    def among(self, queryset: ItemQuerySet) -> ItemQuerySet:
        """Filter for the items that were found."""
        if self.keys is not None:
            return queryset.filter(pk__in=self.keys)
        found = RawSQL(self.statement, (self.question,))
        if database.vendor == "postgresql":
            return queryset.filter(pk__in=found)
        # Left to itself SQLite fetches and sorts every row that was found. The sum
        # makes it walk the list in its order instead, and stop when the page is full.
        return queryset.alias(key=F("pk") + 0).filter(key__in=found)


def ask_index(text: str) -> Hits:
    """Ask the index, once for a page and its count, for every word; prefixes count."""
    words = fold(text[:200])[:MAX_WORDS]
    key, table = _key_column(), database.ops.quote_name(TABLE)
    if not words:
        return Hits(statement="", question="", keys=[])
    if database.vendor == "postgresql":
        question = " & ".join(f"{word}:*" for word in words)
        condition = "to_tsvector('simple', text) @@ to_tsquery('simple', %s)"
    else:
        question = " ".join(f'"{word}"*' for word in words)
        condition = f"{table} MATCH %s"
    statement = f"SELECT {key} FROM {table} WHERE {condition}"
    if database.vendor == "postgresql":
        return Hits(statement=statement, question=question)
    with database.cursor() as cursor:
        cursor.execute(f"{statement} LIMIT %s", (question, FEW + 1))
        keys = [row[0] for row in cursor.fetchall()]
    few = keys if len(keys) <= FEW else None
    return Hits(statement=statement, question=question, keys=few)


def matching(queryset: ItemQuerySet, text: str) -> ItemQuerySet:
    """Filter for items that hold every word of the text; no text filters nothing."""
    return ask_index(text).among(queryset) if text.strip() else queryset


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
    words = fold(text[:200])[:MAX_WORDS]
    if not words:
        return []
    key, table = _key_column(), database.ops.quote_name(TABLE)
    if database.vendor == "postgresql":
        question = " & ".join(words)
        condition = "to_tsvector('simple', text) @@ to_tsquery('simple', %s)"
    else:
        question = " ".join(f'"{word}"' for word in words)
        condition = f"{table} MATCH %s"
    statement = f"SELECT {key} FROM {table} WHERE {condition} LIMIT %s"
    with database.cursor() as cursor:
        cursor.execute(statement, (question, most))
        return [row[0] for row in cursor.fetchall()]


def _key_column() -> str:
    return "item_id" if database.vendor == "postgresql" else "rowid"

"""Find items by words: full-text on SQLite (FTS5) and PostgreSQL (GIN).

Both index the same text, folded here (case, accents, punctuation), so that a
search finds the same rows on either database.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.db import connection as database
from django.db.models.expressions import RawSQL

from integrations.models.item import ItemQuerySet

TABLE = "integrations_item_search"
TEXT_LENGTH = 4000
MAX_WORDS = 12
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
    parts, length = [name], len(name)
    for value in properties.values():
        if isinstance(value, str) and value:
            parts.append(value[: TEXT_LENGTH - length])
            length += len(parts[-1]) + 1
            if length >= TEXT_LENGTH:
                break
    # Apart, because one foreign letter would make the whole text a slow one.
    plain = " ".join(part for part in parts if part.isascii())
    foreign = " ".join(part for part in parts if not part.isascii())
    return " ".join(dict.fromkeys(fold(plain) + fold(foreign)))


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


def matching(queryset: ItemQuerySet, text: str) -> ItemQuerySet:
    """Keep the items that hold every word of the text; prefixes count."""
    words = fold(text[:200])[:MAX_WORDS]
    if not words:
        return queryset.none() if text.strip() else queryset
    key, table = _key_column(), database.ops.quote_name(TABLE)
    if database.vendor == "postgresql":
        question = " & ".join(f"{word}:*" for word in words)
        condition = "to_tsvector('simple', text) @@ to_tsquery('simple', %s)"
    else:
        question = " ".join(f'"{word}"*' for word in words)
        condition = f"{table} MATCH %s"
    found = RawSQL(f"SELECT {key} FROM {table} WHERE {condition}", (question,))
    return queryset.filter(pk__in=found)


def _key_column() -> str:
    return "item_id" if database.vendor == "postgresql" else "rowid"

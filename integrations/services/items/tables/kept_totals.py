"""Totals of groups, kept in this process until a row that they were made of changes.

Rows of an index are written by deleting them and inserting others, with keys that were
never used before, and larger ones. So an index without a row that is newer than a
moment, and with as many rows as then, has the same rows; no writer has to tell of what
it wrote. Asking for that counts one range of an index; the totals themselves look each
row's amounts up, which takes ten times as long. PostgreSQL joins them quicker than it
would count, so there nothing is kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, Final, NamedTuple

from django.db import connection as database

from integrations.models import PropertyIndex, PropertyValue
from integrations.models.items.own_column import PREFIX
from integrations.services.common.database.row_reads import ask as read
from integrations.services.items.tables.columns.columns import Family

Rows = Sequence[tuple[Any, ...]]

# Of so many pages totals are kept, those of no more groups each.
MOST_KEPT: Final = 64
MOST_ROWS: Final = 500
# Of so many rows that came since, in any index, it is asked which index they are of.
MOST_NEW: Final = 10_000


class _Kept(NamedTuple):
    """Totals, and the indexes they were made of: the last key of all, rows of each."""

    totals: Rows
    last: int
    counts: Sequence[int]


_lock = Lock()
_kept: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()


def ask(
    sql: str,
    parameters: Sequence[Any],
    indexes: Iterable[PropertyIndex],
    fetch: Callable[[str, Sequence[Any]], Rows],
) -> Rows:
    """Return what a statement finds in indexes, and in no other table.

    The state of the indexes is read before the statement is asked, so what is kept is
    never older than it says. In a transaction nothing is kept, as its keys may be used
    again after it was rolled back; nor of what is renamed where it stands: choices of
    a user's own columns, and names of linked items.
    """
    used = list(indexes)
    is_renamed = any(map(_is_renamed, used))
    if database.vendor != "sqlite" or database.in_atomic_block or is_renamed:
        return fetch(sql, parameters)
    keys = sorted({each.pk for each in used})
    key = (database.settings_dict["NAME"], sql, tuple(parameters), *keys)
    with _lock:
        known = _kept.get(key)
    last, counts = _state_of(keys)
    is_same = known is not None and known.counts == counts
    if known is not None and is_same and not _has_new(keys, known.last, last):
        found = known.totals
    else:
        found = fetch(sql, parameters)
    if len(found) <= MOST_ROWS:
        _keep(key, _Kept(found, last, counts))
    return found


def forget() -> None:
    """Drop all that is kept."""
    with _lock:
        _kept.clear()


def _keep(key: tuple[Any, ...], kept: _Kept) -> None:
    with _lock:
        _kept[key] = kept
        _kept.move_to_end(key)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def _is_renamed(index: PropertyIndex) -> bool:
    """Tell whether texts of an index change while its rows stay."""
    return index.name.startswith(PREFIX) or index.family == Family.RELATION


def _state_of(keys: Sequence[int]) -> tuple[int, Sequence[int]]:
    """Return the last key of all indexes, and how many rows each one has.

    Each is counted by itself: grouped by their index they take three times as long.
    """
    table = _table()
    counts = f", (SELECT COUNT(*) FROM {table} WHERE index_id = %s)" * len(keys)
    [[last, *rows]] = read(f"SELECT (SELECT MAX(id) FROM {table}){counts}", keys)
    return last or 0, tuple(rows)


def _has_new(keys: Sequence[int], known: int, last: int) -> bool:
    """Tell whether indexes have rows that came behind a key, or may have."""
    if last - known > MOST_NEW:
        return True
    among = ", ".join(["%s"] * len(keys))
    # The sign keeps SQLite to the few rows behind the key, from all of the indexes.
    newer = f"SELECT 1 FROM {_table()} WHERE id > %s AND +index_id IN ({among}) LIMIT 1"
    return bool(read(newer, [known, *keys]))


def _table() -> str:
    return database.ops.quote_name(PropertyValue._meta.db_table)  # noqa: SLF001 (Django documents _meta)

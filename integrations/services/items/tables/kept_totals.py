"""Totals of groups, kept in this process until a row that they were made of changes.

Rows of an index are written by deleting them and inserting others, with keys that were
never used before, and larger ones. So two moments in which an index has as many rows,
with the same sum of keys, are moments with the same rows; no writer has to tell of
what it wrote. Asking for that reads one range of an index; the totals themselves look
each row's amounts up, which takes five times as long. PostgreSQL joins them quicker
than it would read keys, which its indexes do not hold, so there nothing is kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, Final

from django.db import connection as database
from django.db.models import Count, Sum

from integrations.models import PropertyIndex, PropertyValue
from integrations.models.items.own_column import PREFIX
from integrations.services.items.tables.columns.columns import Family

Rows = Sequence[tuple[Any, ...]]

# Of so many pages totals are kept, those of no more groups each.
MOST_KEPT: Final = 64
MOST_ROWS: Final = 500

_lock = Lock()
_kept: OrderedDict[tuple[Any, ...], Rows] = OrderedDict()


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
    key = (database.settings_dict["NAME"], sql, tuple(parameters), _state_of(used))
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    found = fetch(sql, parameters)
    if len(found) <= MOST_ROWS:
        with _lock:
            _kept[key] = found
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return found


def forget() -> None:
    """Drop all that is kept."""
    with _lock:
        _kept.clear()


def _is_renamed(index: PropertyIndex) -> bool:
    """Tell whether texts of an index change while its rows stay."""
    return index.name.startswith(PREFIX) or index.family == Family.RELATION


def _state_of(indexes: Sequence[PropertyIndex]) -> Rows:
    """Return of each index how many rows it has, and the sum of their keys."""
    rows = PropertyValue.objects.filter(index__in={each.pk for each in indexes})
    told = rows.values("index").annotate(rows=Count("*"), keys=Sum("pk"))
    return tuple(told.order_by("index").values_list("index", "rows", "keys"))

"""Write many rows: by one prepared statement, or where that waits, all in one."""

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection as database

# So many rows in one statement; a row may hold a record of some hundred kilobytes.
MOST_ROWS: Final = 200


def write_rows(
    before: str, row: str, rows: Sequence[Sequence[Any]], *, after: str = ""
) -> None:
    """Write rows with a statement that holds a list of them, as after ``VALUES``.

    ``row`` is how one of them stands in it, with a mark for each of its values; the
    list comes between ``before`` and ``after``. SQLite keeps such a statement prepared
    and runs it row by row. A server is asked once for many: each answer is waited for,
    and a thread that waits for one has to wait for its turn in Python as well.
    """
    if not rows:
        return
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.executemany(f"{before} {row} {after}", rows)
            return
        for start in range(0, len(rows), MOST_ROWS):
            part = rows[start : start + MOST_ROWS]
            values = [value for each in part for value in each]
            cursor.execute(f"{before} {', '.join([row] * len(part))} {after}", values)

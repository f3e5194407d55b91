"""Write many rows: by one prepared statement, or where that waits, all in one."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection as database

# So many rows in one statement, or so many characters: each is in memory a few times.
MOST_ROWS: Final = 200
MOST_CHARACTERS: Final = 4_000_000


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
        for part in parts_of(rows):
            values = [value for each in part for value in each]
            cursor.execute(f"{before} {', '.join([row] * len(part))} {after}", values)


def uuid_value(value: UUID) -> Any:
    """Return a UUID in the form that the database driver takes."""
    return value if database.features.has_native_uuid_field else value.hex


def parts_of(rows: Sequence[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """Yield rows in parts that fit into a statement; a row is never divided."""
    part: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        length = sum(len(value) for value in row if isinstance(value, str))
        if part and (len(part) == MOST_ROWS or size + length > MOST_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    if part:
        yield part

"""Read the rows that have one of many values, by one plain statement."""

from collections.abc import Sequence
from typing import Any

from django.db import connection as database


def read_rows(
    select: str, known: Sequence[Any], among: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Return the rows whose last column that is asked about has one of some values.

    ``select`` is a statement up to ``IN``, and ``known`` are the values of its marks.
    Of no values there are no rows, and nothing is asked.
    """
    if not among:
        return []
    marks = ", ".join(["%s"] * len(among))
    with database.cursor() as cursor:
        cursor.execute(f"{select} ({marks})", [*known, *among])
        return list(cursor.fetchall())

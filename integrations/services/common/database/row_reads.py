"""Read rows by plain statements."""

from collections.abc import Sequence
from typing import Any

from django.db import connection as database


def ask(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return what a statement finds."""
    with database.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


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
    return ask(f"{select} ({marks})", [*known, *among])

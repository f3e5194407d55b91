"""The first items that rows of indexes, or links, are of."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection as database
from django.db.models import QuerySet


def first_keys(parts: Sequence[QuerySet[Any]], *, most: int) -> list[list[int]]:
    """Return, for each of some rows, the first of their items, by one statement.

    They are one more than ``most`` where there are more.
    """
    statements: list[str] = []
    parameters: list[Any] = []
    for number, rows in enumerate(parts):
        # Known to be none without asking, as where no row has the value of a filter.
        with suppress(EmptyResultSet):
            keys = rows.values_list("item_id", flat=True)[: most + 1]
            sql, values = keys.query.sql_with_params()
            statements.append(f"SELECT {number}, k.* FROM ({sql}) AS k")
            parameters += values
    found: list[list[int]] = [[] for _ in parts]
    if statements:
        with database.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(statements), parameters)
            for number, key in cursor.fetchall():
                found[number].append(key)
    return found

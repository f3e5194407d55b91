"""The first items that rows of indexes, or links, are of."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection as database
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.aggregates import Count

from integrations.models import PropertyValue

# So many rows of one condition tell whether others hold for many of them.
LOOK: Final = 1500
MOST_LOOKED: Final = 5000


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


def hold_soon_for_more(rows: QuerySet[PropertyValue], others: Q, limit: int) -> bool:
    """Tell whether other conditions hold for more than so many items of first rows.

    ``rows`` are those that one condition finds; False where it is not known so soon.
    """
    held = ExpressionWrapper(others, output_field=BooleanField())
    told = rows.order_by().values("item_id").annotate(held=held)
    items = Count("item_id", distinct=True, filter=Q(held=True))
    look = LOOK
    for _ in range(2):
        number: int = told[:look].aggregate(number=items)["number"]
        if number > limit:
            return True
        # A fifth further than to where so many are, if others are as frequent.
        look = limit * look * 6 // (5 * number) if number else MOST_LOOKED + 1
        if look > MOST_LOOKED:
            break
    return False

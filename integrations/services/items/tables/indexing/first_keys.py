"""The first items that rows of indexes, or links, are of."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection as database
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from integrations.models import PropertyValue

# So many rows of one condition tell whether others hold for many of them.
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


def first_held(
    rows: QuerySet[Any], held: ExpressionWrapper, columns: Sequence[str], want: int
) -> tuple[list[tuple[Any, ...]], bool]:
    """Return the first of some rows for which it holds, and whether no rows were left.

    The rows are cut where looking ends. They are looked at one after the other by the
    database, which stops when it has found so many as are wanted and sends no others.
    """
    using = connections[rows.db]
    fields = [_field(rows, name) for name in columns]
    named = {f"told{place}": F(name) for place, name in enumerate(columns)}
    most = rows.query.high_mark
    sql, parameters = rows.values(**named, held=held).query.sql_with_params()
    told = ", ".join(named)
    with using.cursor() as cursor:
        # The last row that may be looked at tells that rows may be left behind it.
        cursor.execute(
            f"SELECT {told}, held, place FROM"
            f" (SELECT f.*, ROW_NUMBER() OVER () AS place FROM ({sql}) AS f) AS n"
            f" WHERE held OR place = {most} LIMIT {want}",
            parameters,
        )
        answers = cursor.fetchall()
    is_end = len(answers) < want and (not answers or answers[-1][-1] < most)
    found = [row[:-2] for row in answers if row[-2]]
    return [
        tuple(_read(using, *each) for each in zip(fields, row, strict=True))
        for row in found
    ], is_end


def first_beside(
    rows: QuerySet[Any], where: Q, columns: tuple[str, str], want: int
) -> list[tuple[Any, ...]]:
    """Return the first of some rows for whose item that holds which holds for values.

    The rows are cut where looking ends. PostgreSQL reads them and what each condition
    finds side by side, in the way that it expects to be the shortest. The columns are
    the item's key and what the rows are sorted by, both in one direction.
    """
    using = connections[rows.db]
    fields = [_field(rows, name) for name in columns]
    item, value = map(F, columns)
    sql, parameters = rows.values(told0=item, told1=value).query.sql_with_params()
    query = PropertyValue.objects.filter(where).query
    held, values = query.get_compiler(rows.db).compile(query.where)
    # What holds for a value's item is asked of rows that are called as values are.
    called = using.ops.quote_name(str(query.get_initial_alias()))
    direction = "DESC" if str(rows.query.order_by[0]).startswith("-") else "ASC"
    with using.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({sql}) AS {called} (item_id, told) WHERE {held}"
            f" ORDER BY told {direction}, item_id {direction} LIMIT {want}",
            [*parameters, *values],
        )
        answers = cursor.fetchall()
    return [
        tuple(_read(using, *each) for each in zip(fields, row, strict=True))
        for row in answers
    ]


def some_keys(rows: QuerySet[PropertyValue], most: int) -> tuple[int, list[int] | None]:
    """Return of how many items the first rows are, and all keys of up to so many rows.

    The rows that are looked at are one more than ``most``. The keys are None where
    there are so many, and are sent by no PostgreSQL then.
    """
    some = rows.order_by().values("item_id")[: most + 1]
    sql, parameters = some.query.sql_with_params()
    with connections[rows.db].cursor() as cursor:
        cursor.execute(
            f"WITH first AS MATERIALIZED ({sql}) SELECT COUNT(DISTINCT item_id),"
            f" CASE WHEN COUNT(*) <= {most} THEN ARRAY_AGG(item_id) END FROM first",
            parameters,
        )
        number, keys = cursor.fetchone()
    return number, keys if number else []


def _field(rows: QuerySet[Any], name: str) -> Any:
    options = rows.model._meta  # noqa: SLF001 (Django documents _meta)
    return options.pk if name == "pk" else options.get_field(name)


def _read(using: BaseDatabaseWrapper, field: Any, value: Any) -> Any:
    """Return a value as Django reads it: a time is a text in SQLite."""
    for convert in using.ops.get_db_converters(field.cached_col):
        value = convert(value, field.cached_col, using)
    return value


def hold_for_more(
    parts: Sequence[tuple[QuerySet[PropertyValue], Q]], limit: int
) -> bool:
    """Tell whether more than so many items are among the first rows of any part.

    A part are the rows that one condition finds, and what others hold for; the next
    is looked at only if none before tells. False where it is not known so soon.
    """
    statements: list[str] = []
    values: list[Any] = []
    for rows, others in parts:
        held = ExpressionWrapper(others, output_field=BooleanField())
        with suppress(EmptyResultSet):
            told = rows.order_by().values("item_id").annotate(held=held)[:MOST_LOOKED]
            sql, parameters = told.query.sql_with_params()
            statements.append(
                "(SELECT COUNT(DISTINCT item_id) FROM (SELECT item_id FROM"
                f" ({sql}) AS looked WHERE held LIMIT {limit + 1}) AS first) > {limit}"
            )
            values += parameters
    if not statements:
        return False
    with database.cursor() as cursor:
        # In the order in which they stand, and no further than to the first that tells.
        cases = " ".join(f"WHEN {each} THEN 1" for each in statements)
        cursor.execute(f"SELECT CASE {cases} ELSE 0 END", values)
        return bool(cursor.fetchone()[0])

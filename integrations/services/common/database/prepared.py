"""Querysets whose SQL is made once in a process, and asked again with other values.

Django takes 0.5 to 3 ms to make a statement that the database answers in 0.1. What is
kept is the statement alone, never a row: whoever asks gets what is stored now.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import lru_cache, wraps
from itertools import count
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import Model, QuerySet, UUIDField

Asked = ParamSpec("Asked")
Row = TypeVar("Row")

# How many statements of one function are kept, and of how long a list at most.
MOST_SHAPES: Final = 128
MOST_VALUES: Final = 128
# What fits into an integer of PostgreSQL.
MOST_NUMBER: Final = 2**31 - 1

UUIDS: Final[Any] = UUIDField()


class PreparedError(Exception):
    """A queryset cannot be asked with other values: it made something else of them."""


class PreparedWarning(RuntimeWarning):
    """A queryset is made anew each time, because it does more than compare values."""


class Statement(NamedTuple):
    """A statement as Django compiled it, and which of its parameters is which value."""

    rows: QuerySet[Any, Any]
    compiler: Any
    sql: str
    parameters: Sequence[Any]
    places: Sequence[tuple[int, int]]


def prepared(
    model: type[Model],
) -> Callable[[Callable[Asked, "QuerySet[Any, Row]"]], Callable[Asked, list[Row]]]:
    """Ask the queryset of a model that a function makes, compiled once for its shape.

    Arguments by position are values: ``int``, ``str``, ``UUID``, ``datetime``, or a
    list of them. The queryset compares with them as they are and decides nothing by
    them: it is made with others, that stand for them. Arguments by name are its shape:
    anything hashable, by which it may decide. Longer lists than ``MOST_VALUES`` are
    asked without keeping.

    A value that is in the SQL otherwise than it is warns of itself, and is asked for
    without keeping. Raise TypeError for a value of another type. Nothing is prefetched.
    """

    def decorate(
        make: Callable[Asked, "QuerySet[Any, Row]"],
    ) -> Callable[Asked, list[Row]]:
        @lru_cache(MOST_SHAPES)
        def compiled(
            using: str, kinds: Sequence[Any], shape: Any
        ) -> Statement | PreparedError | None:
            try:
                return _compile(make, using, kinds, dict(shape))
            except PreparedError as exc:
                # Kept as well, so that it is not tried again.
                return exc.with_traceback(None)

        @wraps(make)
        def ask(*values: Asked.args, **shape: Asked.kwargs) -> list[Row]:
            if not all(map(_is_usual, values)):
                return list(make(*values, **shape))
            using = router.db_for_read(model)
            kinds = tuple(map(_kind, values))
            statement = compiled(using, kinds, tuple(shape.items()))
            if isinstance(statement, PreparedError):
                # Right all the same, and as slow as before. Tests take it for an error.
                warnings.warn(str(statement), PreparedWarning, stacklevel=2)
            if statement is None or isinstance(statement, PreparedError):
                return list(make(*values, **shape))
            return _rows(statement, using, values)

        return ask

    return decorate


def _is_usual(value: object) -> bool:
    """Tell whether a statement is kept for a value: no long list, no huge number.

    Nor for a value of a type made of one of those that are, such as a choice.
    """
    if isinstance(value, list):
        return len(value) <= MOST_VALUES and all(map(_is_usual, value))
    if isinstance(value, SUBCLASSED) and type(value) not in {*STAND_INS, bool}:
        return False
    return not isinstance(value, int) or abs(value) <= MOST_NUMBER


def _kind(value: object) -> Any:
    """Return what a statement depends on of a value: its type, or those in a list."""
    if isinstance(value, list):
        return tuple(map(_kind, value))
    if type(value) not in STAND_INS:
        raise TypeError(f"no value of a prepared statement: {type(value).__name__}")
    return type(value)


# What stands for the values while a statement is made, and is never asked for.
STAND_INS: Final[dict[type, Callable[[int], Any]]] = {
    int: int,
    str: "\N{REPLACEMENT CHARACTER}{}".format,
    UUID: lambda number: UUID(int=(1 << 100) + number),
    datetime: lambda number: datetime(1, 1, 2, tzinfo=UTC) + timedelta(seconds=number),
}

SUBCLASSED: Final = tuple(STAND_INS)


def _compile(
    make: Callable[..., "QuerySet[Any, Any]"],
    using: str,
    kinds: Sequence[Any],
    shape: dict[str, Any],
) -> Statement | None:
    """Make a statement, None if it finds nothing with some values.

    It is made twice, with other values each: whatever differs has to be a value. Small
    numbers fit into each column; a comparison that Django leaves out for large ones
    makes a difference, too.
    """
    large, small = count(2_000_000_000), count(101)
    first = [_stand_in(kind, large) for kind in kinds]
    second = [_stand_in(kind, small) for kind in kinds]
    rows = make(*first, **shape).using(using)
    compiler: Any = rows.query.get_compiler(using)
    other = make(*second, **shape).using(using).query.get_compiler(using)
    try:
        (sql, parameters), (other_sql, others) = compiler.as_sql(), other.as_sql()
    except EmptyResultSet:
        # With its own values Django tells so at once, if it is so with them.
        return None
    places = _places(using, parameters, first)
    told = {place for place, _ in places}
    rest = [n for n in range(len(parameters)) if n not in told]
    if sql != other_sql or any(parameters[n] != others[n] for n in rest):
        raise PreparedError(f"{make.__qualname__} does not only compare its values")
    # Each thread has a connection of its own.
    compiler.connection = None
    return Statement(rows, compiler, sql, parameters, places)


def _stand_in(kind: Any, numbers: Iterator[int]) -> Any:
    if isinstance(kind, tuple):
        return [_stand_in(each, numbers) for each in kind]
    return STAND_INS[kind](next(numbers))


def _places(
    using: str, parameters: Sequence[Any], values: Sequence[Any]
) -> list[tuple[int, int]]:
    """Return at which places of the parameters which of some values stand."""
    adapted = [_adapt(using, value) for value in _flat(values)]
    return [
        (place, adapted.index(each))
        for place, each in enumerate(parameters)
        if each in adapted
    ]


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _adapt(using: str, value: Any) -> Any:
    """Return a value as Django's fields hand it to the database."""
    if isinstance(value, UUID):
        return UUIDS.get_db_prep_value(value, connections[using])
    if isinstance(value, datetime):
        return connections[using].ops.adapt_datetimefield_value(value)
    return value


def _rows(statement: Statement, using: str, values: Sequence[Any]) -> list[Any]:
    """Ask a statement with values, by Django's own code behind its making of SQL."""
    adapted = [_adapt(using, value) for value in _flat(values)]
    parameters = list(statement.parameters)
    for place, which in statement.places:
        # PostgreSQL is told how wide an integer is by the type of the parameter.
        kind, value = type(parameters[place]), adapted[which]
        parameters[place] = kind(value) if isinstance(value, int) else value
    compiler = copy(statement.compiler)
    compiler.connection = connections[using]
    compiler.as_sql = lambda: (statement.sql, tuple(parameters))
    query = copy(statement.rows.query)
    query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
    rows: Any = QuerySet(statement.rows.model, query=query, using=using)
    kept: Any = statement.rows
    rows._fields = kept._fields
    return list(kept._iterable_class(rows))  # noqa: SLF001

"""Read listings by the same rules: their cursors, their pages, and each row."""

import logging
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from integrations.http.errors import InvalidResponse

logger = logging.getLogger(__name__)

MAX_CURSOR: Final = 2000
# What our own code raises when a row is not what it expects. Whatever else is raised,
# from a lost connection to a time limit, says nothing about the row.
MISTAKES: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)

T = TypeVar("T")
U = TypeVar("U")


def next_cursor(value: object, current: str | None, *, where: str) -> str | None:
    """Return where the next page starts, None when ``value`` is: this was the last.

    A page may be short in the middle, so nothing but a missing cursor is the end.
    """
    return None if value is None else expect_cursor(value, current, where=where)


def expect_cursor(value: object, current: str | None, *, where: str) -> str:
    """Return a cursor as it was given; InvalidResponse when it is odd or stands still.

    An odd cursor is never the end of a listing: what is behind it would be lost.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CURSOR:
        raise InvalidResponse(f"{where}: expected a cursor, a short text")
    if value == current:
        raise InvalidResponse(f"{where}: the listing does not move on")
    return value


def first_pages(
    fetch: Callable[[str | None], tuple[T, str | None]], *, most: int
) -> Generator[T, None, bool]:
    """Yield what ``fetch`` returns beside the next cursor, for ``most`` pages at most.

    Returns whether that was the end. A cursor that comes again is an InvalidResponse.
    """
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(most):
        page, cursor = fetch(cursor)
        yield page
        if cursor is None:
            return True
        if cursor in seen:
            raise InvalidResponse("the listing goes round in a circle")
        seen.add(cursor)
    return False


def all_pages(
    fetch: Callable[[str | None], tuple[T, str | None]], *, most: int
) -> Iterator[T]:
    """Yield every page; InvalidResponse when there is no end within ``most`` pages."""
    if not (yield from first_pages(fetch, most=most)):
        raise InvalidResponse("the listing has no end")


@dataclass(frozen=True, kw_only=True)
class Rows(Generic[T]):
    """The rows of a page that could be mapped, and the count of those that could not.

    ``unreadable_ids`` name those whose id could be read: they exist.
    """

    mapped: list[T] = field(default_factory=list)
    unreadable: int = 0
    unreadable_ids: list[str] = field(default_factory=list)

    def with_mapped(self, mapped: list[U]) -> "Rows[U]":
        """Return the same count beside what became of the rows."""
        return Rows(
            mapped=mapped,
            unreadable=self.unreadable,
            unreadable_ids=self.unreadable_ids,
        )


def map_rows(
    rows: Iterable[object],
    to_value: Callable[[object], T],
    *,
    find_id: Callable[[object], str | None] = lambda _row: None,
) -> Rows[T]:
    """Map rows one by one: an odd one is counted and costs the others nothing."""
    mapped: list[T] = []
    odd: list[object] = []
    for row in rows:
        with reading(row, odd.append):
            mapped.append(to_value(row))
    ids = [remote_id for row in odd if (remote_id := find_id(row)) is not None]
    return Rows(mapped=mapped, unreadable=len(odd), unreadable_ids=ids)


@contextmanager
def reading(row: object, note_unreadable: Callable[[object], None]) -> Iterator[None]:
    """Confine an odd row: what is wrong with it costs that row only, which is noted.

    Failing calls are the page's failure and go up. Our own mistakes are logged by
    type and place, without the values that they may hold.
    """
    try:
        yield
    except InvalidResponse:
        note_unreadable(row)
    except MISTAKES as exc:
        kind, at = type(exc).__name__, raised_at(exc)
        # The message and the traceback may hold personal data.
        logger.error("row not readable error=%s at=%s", kind, at)  # noqa: TRY400
        note_unreadable(row)


def raised_at(exc: BaseException) -> str:
    """Return the file and line that an exception was raised at."""
    frames = traceback.extract_tb(exc.__traceback__, limit=-1)
    return f"{frames[0].filename}:{frames[0].lineno}" if frames else "unknown"

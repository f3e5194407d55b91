"""Read listings by the same rules: their cursors, their pages, and each row."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from integrations.http.errors import InvalidResponse
from integrations.http.responses.shape import expect_list, expect_object
from integrations.providers.mistakes import Mistake
from integrations.providers.records import IntegrationItem, Page
from integrations.providers.typed.values import to_id

logger = logging.getLogger(__name__)

MAX_CURSOR: Final = 2000
# What our own code raises when a row is not what it expects. Whatever else is raised,
# from a lost connection to a time limit, says nothing about the row.
ROW_ERRORS: Final = (
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


def next_cursor(answer: object, key: str, current: str | None) -> str | None:
    """Return the cursor that an answer has under ``key``, None on the last page.

    A page may be short in the middle, so nothing but a missing cursor is the end.
    """
    value = expect_object(answer, "answer").get(key)
    return None if value is None else expect_cursor(value, current, where=key)


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


def read_pages(
    fetch: Callable[[str | None], tuple[T, str | None]], *, most: int
) -> tuple[list[T], bool]:
    """Return the first pages, and whether these are all."""
    pages: list[T] = []
    left = first_pages(fetch, most=most)
    while True:
        try:
            pages.append(next(left))
        except StopIteration as end:
            return pages, bool(end.value)


def all_pages(
    fetch: Callable[[str | None], tuple[T, str | None]], *, most: int
) -> Iterator[T]:
    """Yield every page; InvalidResponse when there is no end within ``most`` pages."""
    if not (yield from first_pages(fetch, most=most)):
        raise InvalidResponse("the listing has no end")


@dataclass(frozen=True, kw_only=True)
class Rows(Generic[T]):
    """The rows of a page that could be mapped, and the count of those that could not.

    ``unreadable_ids`` name those whose id could be read: they exist. ``mistakes`` are
    those among them that were no fault of the provider's.
    """

    mapped: list[T] = field(default_factory=list)
    unreadable: int = 0
    unreadable_ids: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def __add__(self, other: "Rows[T]") -> "Rows[T]":
        return Rows(
            mapped=self.mapped + other.mapped,
            unreadable=self.unreadable + other.unreadable,
            unreadable_ids=self.unreadable_ids + other.unreadable_ids,
            mistakes=self.mistakes + other.mistakes,
        )

    def with_mapped(self, mapped: list[U]) -> "Rows[U]":
        """Return the same counts beside what became of the rows."""
        return Rows(
            mapped=mapped,
            unreadable=self.unreadable,
            unreadable_ids=self.unreadable_ids,
            mistakes=self.mistakes,
        )


def to_page(rows: Rows[IntegrationItem], following: str | None, **more: Any) -> Page:
    """Return a page of the items with its counts; ``more`` are other fields of it.

    An odd row is none of its own where another one tells the same item, and what the
    page lists is there, whatever another row says became of it.
    """
    told = {item.id for item in rows.mapped}
    gone = more.pop("deleted", {})
    odd_ids = [each for each in rows.unreadable_ids if each not in told]
    return Page(
        items=rows.mapped,
        next_cursor=following,
        unreadable=rows.unreadable - len(rows.unreadable_ids) + len(odd_ids),
        unreadable_ids=odd_ids,
        mistakes=rows.mistakes,
        deleted={key: each for key, each in gone.items() if key not in told},
        **more,
    )


def without_changed(page: Page, since: datetime | None) -> Page:
    """Return a page without the items that changed at or after a time."""
    if since is None:
        return page
    times = ((item, item.last_modified_time) for item in page.items)
    kept = [item for item, changed in times if changed is None or changed < since]
    return replace(page, items=kept)


def read_rows(
    answer: object, key: str, to_value: Callable[[dict[str, Any]], T]
) -> Rows[T]:
    """Map the rows that an answer lists under ``key``."""
    rows = expect_list(expect_object(answer, "answer").get(key), key)
    return map_rows(rows, to_value)


def map_rows(
    rows: Iterable[object], to_value: Callable[[dict[str, Any]], T]
) -> Rows[T]:
    """Map rows one by one: an odd one is counted and costs the others nothing."""
    mapped: list[T] = []
    odd: list[tuple[object, Mistake | None]] = []
    # As ``reading`` does, without a context for each row.
    for row in rows:
        try:
            mapped.append(to_value(expect_object(row, "row")))
        except InvalidResponse:
            odd.append((row, None))
        except ROW_ERRORS as exc:
            odd.append((row, Mistake.of(exc)))
    ids = [remote_id for row, _ in odd if (remote_id := id_of(row)) is not None]
    mistakes = [mistake for _, mistake in odd if mistake is not None]
    if mistakes:
        logger.error("rows not mapped count=%d first=%s", len(mistakes), mistakes[0])
    return Rows(
        mapped=mapped, unreadable=len(odd), unreadable_ids=ids, mistakes=mistakes
    )


def id_of(row: object) -> str | None:
    """Return the ``id`` of a row, None when the row is too odd to have one."""
    try:
        return to_id(expect_object(row, "row").get("id"))
    except InvalidResponse:
        return None


@contextmanager
def reading(
    row: object, note_unreadable: Callable[[object, Mistake | None], None]
) -> Iterator[None]:
    """Confine an odd row: what is wrong with it costs that row only, which is noted.

    Failing calls are the page's failure and go up. A mistake of ours is noted by its
    type and place, without the values that it may hold.
    """
    try:
        yield
    except InvalidResponse:
        note_unreadable(row, None)
    except ROW_ERRORS as exc:
        note_unreadable(row, Mistake.of(exc))

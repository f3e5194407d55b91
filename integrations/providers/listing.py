"""Read listings by the same rules: their cursors, their pages, and each row."""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from integrations.http.errors import InvalidResponse
from integrations.http.responses.shape import expect_list, expect_object
from integrations.providers.connector import CollectionContext
from integrations.providers.mistakes import Mistake
from integrations.providers.records import IntegrationItem, Page, Same
from integrations.providers.typed.values import to_id

logger = logging.getLogger(__name__)
_ENCODER = msgspec.json.Encoder()

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


class Rows(Struct, Generic[T], frozen=True, kw_only=True):
    """The rows of a page that could be mapped, and the count of those that could not.

    ``unreadable_ids`` name those whose id could be read: they exist. ``mistakes`` are
    those among them that were no fault of the provider's. ``same`` and ``sources`` are
    as in a page.
    """

    mapped: list[T] = field(default_factory=list)
    unreadable: int = 0
    unreadable_ids: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    same: Mapping[str, Same] = field(default_factory=dict)
    sources: Mapping[str, bytes] = field(default_factory=dict)

    def __add__(self, other: "Rows[T]") -> "Rows[T]":
        return Rows(
            mapped=self.mapped + other.mapped,
            unreadable=self.unreadable + other.unreadable,
            unreadable_ids=self.unreadable_ids + other.unreadable_ids,
            mistakes=self.mistakes + other.mistakes,
            same={**self.same, **other.same},
            sources={**self.sources, **other.sources},
        )

    def with_mapped(self, mapped: list[U]) -> "Rows[U]":
        """Return the same counts beside what became of the rows."""
        return Rows(
            mapped=mapped,
            unreadable=self.unreadable,
            unreadable_ids=self.unreadable_ids,
            mistakes=self.mistakes,
            same=self.same,
            sources=self.sources,
        )

    def following_from_more(self, ids: AbstractSet[str]) -> "Rows[T]":
        """Return the same rows, some of which follow not from their records alone.

        Those are mapped each time: by what else they tell, or had to be asked for.
        """
        sources = {key: each for key, each in self.sources.items() if key not in ids}
        return replace(self, sources=sources)


class Recognized(NamedTuple):
    """Rows that are to be mapped, and by id those that are not: digest and row.

    ``sources`` are digests of what an item is made of, by the ids of all rows.
    """

    rest: Sequence[object]
    same: Mapping[str, tuple[str, object]]
    sources: Mapping[str, bytes]


UNRECOGNIZED: Final = Recognized((), {}, {})


def recognize(
    rows: Sequence[object],
    collection: CollectionContext,
    *,
    beside: object = None,
    find_id: Callable[[object], str | None] | None = None,
) -> Recognized:
    """Tell rows that are as they were when their items were stored from the rest.

    ``beside`` is what items are made of beside their rows and the collection's context,
    as JSON; ``find_id`` returns the id of a row's item, ``id_of`` unless told. An id
    that comes twice on one page is not recognized.
    """
    if collection.recognize is None:
        return Recognized(rows, {}, {})
    key = _digest(_inputs(collection, beside), b"")
    ids = [(find_id or id_of)(row) for row in rows]
    counts = Counter(ids)
    sources = {
        remote_id: source
        for remote_id, row in zip(ids, rows, strict=True)
        if remote_id is not None and counts[remote_id] == 1
        if key is not None and (source := _digest(row, key)) is not None
    }
    known = collection.recognize(sources)
    pairs = list(zip(ids, rows, strict=True))
    rest = [row for remote_id, row in pairs if remote_id not in known]
    same = {
        key: (known[key], row) for key, row in pairs if key is not None and key in known
    }
    return Recognized(rest, same, sources)


def _inputs(collection: CollectionContext, beside: object) -> list[object]:
    """Return all that a connector is told of a collection and may map its rows by."""
    return [
        collection.remote_id,
        collection.name,
        collection.account_id,
        collection.account,
        collection.schema,
        collection.version,
        beside,
    ]


def _digest(told: object, key: bytes) -> bytes | None:
    """Return a digest of JSON as it was told, None for what cannot be written again."""
    try:
        text = _ENCODER.encode(told)
    except (TypeError, ValueError, OverflowError):
        return None
    return blake2b(text, digest_size=16, key=key).digest()


def to_page(rows: Rows[IntegrationItem], following: str | None, **more: Any) -> Page:
    """Return a page of the items with its counts; ``more`` are other fields of it.

    An odd row is none of its own where another one tells the same item, and what the
    page lists is there, whatever another row says became of it.
    """
    told = {item.id for item in rows.mapped} | rows.same.keys()
    gone = more.pop("deleted", {})
    odd_ids = [each for each in rows.unreadable_ids if each not in told]
    return Page(
        items=rows.mapped,
        next_cursor=following,
        unreadable=rows.unreadable - len(rows.unreadable_ids) + len(odd_ids),
        unreadable_ids=odd_ids,
        mistakes=rows.mistakes,
        deleted={key: each for key, each in gone.items() if key not in told},
        same=rows.same,
        sources=rows.sources,
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


def map_others(
    rows: Sequence[object],
    collection: CollectionContext,
    *,
    to_value: Callable[[dict[str, Any]], T],
    to_item: Callable[[dict[str, Any]], IntegrationItem],
    beside: object = None,
) -> Rows[T]:
    """Map rows but those that are recognized, of which ``to_item`` could make items."""
    found = recognize(rows, collection, beside=beside)
    same = {
        key: Same(digest=digest, to_item=partial(to_item, expect_object(row, "row")))
        for key, (digest, row) in found.same.items()
    }
    return replace(map_rows(found.rest, to_value), same=same, sources=found.sources)


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

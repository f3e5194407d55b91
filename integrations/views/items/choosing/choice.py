"""Which rows of a list or a table a user chose: ticked ones, a page, or all of them."""

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

from django.forms import Form
from django.http import QueryDict
from msgspec import Struct

from integrations.models import Item
from integrations.services.items.downloads.formats import FORMATS

# Each of them is a parameter of a query.
MOST_NAMED: Final = 500
# A place on a page is shorter.
LONG_PLACE: Final = 5
NO_ROWS: Final = {
    "no_rows": "Tick some rows first, or choose all that match.",
    "building": "The filters are not ready yet. Try again in a moment.",
    "left_out": "A filter of this list or of its view cannot be used."
    " Remove it, or mend the view, first.",
    "too_many_rows": "At most {most:,} rows can be worked on at once."
    " Filter the table further.",
}


class Scope(StrEnum):
    """Which rows are meant."""

    TICKED = "ticked"
    PAGE = "page"
    ALL = "all"


class NoRowsError(Exception):
    """Nothing was chosen that can be worked on; ``code`` says why.

    ``most`` is how many rows can be, where there were more.
    """

    def __init__(self, code: str, *, most: int = 0) -> None:
        super().__init__(code)
        self.code, self.most = code, most

    def __str__(self) -> str:
        return NO_ROWS[self.code].format(most=self.most)


class Choice(Struct, frozen=True, kw_only=True):
    """Rows by their names, or all that the filters of their list select."""

    scope: Scope
    named: tuple[UUID, ...] = ()

    @classmethod
    def read(
        cls, sent: QueryDict, *, left_out: Sequence[str], is_building: bool = False
    ) -> Self:
        """Return what the form around a list sent, whose filters lack ``left_out``.

        Raises NoRowsError for nothing, and where it would be more than was meant:
        a list that lacks one of its filters has rows that nobody asked for.
        """
        told = sent.get("rows", "")
        scope = Scope(told) if told in set(Scope) else Scope.TICKED
        if scope is Scope.ALL:
            if left_out:
                raise NoRowsError("left_out")
            if is_building:
                raise NoRowsError("building")
            return cls(scope=scope)
        shown = read_shown(sent.get("shown", ""))
        is_page = scope is Scope.PAGE
        named = shown if is_page else tuple(_ticked(sent.getlist("item"), shown))
        named = tuple(dict.fromkeys(named))[:MOST_NAMED]
        if not named:
            raise NoRowsError("no_rows")
        return cls(scope=scope, named=named)


def _ticked(texts: Iterable[str], shown: Sequence[UUID]) -> Iterable[UUID]:
    """Yield the rows that are named, or by their places among those of the page."""
    for text in texts:
        if text.isdecimal() and text.isascii() and len(text) < LONG_PLACE:
            yield from shown[int(text) :][:1]
            continue
        try:
            yield UUID(text)
        except ValueError:
            continue


def write_shown(items: Iterable[Item]) -> str:
    """Write which rows a page has: it says so once, in half as many letters."""
    return urlsafe_b64encode(b"".join(item.uuid.bytes for item in items)).decode()


def read_shown(text: str) -> tuple[UUID, ...]:
    """Return which rows a page had; none of what is no such text."""
    try:
        told = b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return ()
    if len(told) % 16:
        return ()
    ends = range(16, len(told) + 1, 16)
    return tuple(UUID(bytes=told[end - 16 : end]) for end in ends)


@dataclass(frozen=True, kw_only=True)
class ChooseForm:
    """The form around the rows of a page: what it sends along, and where to.

    ``fields`` are sent beside what the addresses say, ``contents`` are what a file can
    have of each row, and ``edit_url`` is empty where rows cannot be edited at once. A
    list that lacks one of its filters ``has_all`` not: more would be taken than meant.
    Each row is told its place, by which its box names it.
    """

    items: Sequence[Item]
    count_text: str
    rows_url: str
    download_url: str
    contents: Sequence[tuple[str, str]]
    edit_url: str = ""
    has_all: bool = True
    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Tell each row its place."""
        for number, item in enumerate(self.items):
            item.row_number = number

    @property
    def shown(self) -> str:
        """Return which rows the page has."""
        return write_shown(self.items)

    @property
    def formats(self) -> Sequence[tuple[str, str]]:
        """Return the formats of files by their short names."""
        return [(name, each.short) for name, each in FORMATS.items()]


def choices_of(form: type[Form], name: str) -> Sequence[tuple[str, str]]:
    """Return what forms of a class offer for one of their fields."""
    offered: Any = form.base_fields[name]
    return [(str(value), str(label)) for value, label in offered.choices]

"""Which rows of a list or a table a user chose: ticked ones, a page, or all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

from django.http import QueryDict

from integrations.models import Item
from integrations.services.items.downloads.formats import FORMATS

# Each of them is a parameter of a query.
MOST_NAMED: Final = 500
NO_ROWS: Final = {
    "no_rows": "Tick some rows first, or choose all that match.",
    "building": "The filters are not ready yet. Try again in a moment.",
    "left_out": "A filter of this list or of its view cannot be used."
    " Remove it, or mend the view, first.",
    "too_many_rows": "That is too many rows at once. Filter the table further.",
}


class Scope(StrEnum):
    """Which rows are meant."""

    TICKED = "ticked"
    PAGE = "page"
    ALL = "all"


class NoRowsError(Exception):
    """Nothing was chosen that can be worked on; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        return NO_ROWS[self.code]


@dataclass(frozen=True, kw_only=True)
class Choice:
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
        is_page = scope is Scope.PAGE
        texts = sent.get("shown", "").split(",") if is_page else sent.getlist("item")
        named = tuple(_uuids(texts))
        if not named:
            raise NoRowsError("no_rows")
        return cls(scope=scope, named=named)


def _uuids(texts: Iterable[str]) -> Iterable[UUID]:
    for text in list(dict.fromkeys(texts))[:MOST_NAMED]:
        try:
            yield UUID(text)
        except ValueError:
            continue


@dataclass(frozen=True, kw_only=True)
class ChooseForm:
    """The form around the rows of a page: what it sends along, and where to.

    ``fields`` are sent beside what the addresses say, ``contents`` are what a file can
    have of each row, and ``edit_url`` is empty where rows cannot be edited at once.
    """

    items: Sequence[Item]
    count_text: str
    rows_url: str
    download_url: str
    contents: Sequence[tuple[str, str]]
    edit_url: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """Return which rows the page has."""
        return ",".join(str(item.uuid) for item in self.items)

    @property
    def formats(self) -> Sequence[tuple[str, str]]:
        """Return the formats of files by their short names."""
        return [(name, each.short) for name, each in FORMATS.items()]


def choices_of(form: Any, name: str) -> Sequence[tuple[str, str]]:
    """Return what a form offers for one of its fields."""
    return [(str(value), str(label)) for value, label in form.fields[name].choices]

"""The rows that a user chose in a table: ticked ones, a page, or all that match."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from integrations.models import Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.tables.listing import Selection
from integrations.services.items.tables.opening import OpenTable

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
    """Which rows of a table are meant."""

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
class ChosenRows:
    """Rows of one table: those named, or all that its filters select."""

    selection: Selection
    scope: Scope
    named: tuple[UUID, ...] = ()

    @classmethod
    def read(cls, sent: QueryDict, table: OpenTable) -> "ChosenRows":
        """Return what the form around a table sent, the table being in its address.

        Raises NoRowsError for nothing, and where it would be more than was meant:
        a table that lacks one of its filters has rows that nobody asked for.
        """
        told, selection = sent.get("rows", ""), table.selection
        scope = Scope(told) if told in set(Scope) else Scope.TICKED
        if scope is Scope.ALL:
            if table.left_out:
                raise NoRowsError("left_out")
            if selection.indexes.building:
                raise NoRowsError("building")
            return cls(selection=selection, scope=scope)
        is_page = scope is Scope.PAGE
        texts = sent.get("shown", "").split(",") if is_page else sent.getlist("item")
        named = tuple(_uuids(texts))
        if not named:
            raise NoRowsError("no_rows")
        return cls(selection=selection, scope=scope, named=named)

    @property
    def filters(self) -> str:
        """Return in words what selects the rows; empty where they are named."""
        return self.selection.words if self.scope is Scope.ALL else ""

    def items(self) -> ItemQuerySet:
        """Return the chosen items that are still there, in no order."""
        if self.scope is Scope.ALL:
            return self.selection.items().order_by()
        live = Item.objects.live().filter(collection=self.selection.collection)
        return live.filter(uuid__in=self.named).order_by()

    def keys(self, most: int) -> list[int]:
        """Return the keys of the items; raise NoRowsError for none, or too many."""
        keys = list(self.items().values_list("pk", flat=True)[: most + 1])
        if not keys:
            raise NoRowsError("no_rows")
        if len(keys) > most:
            raise NoRowsError("too_many_rows")
        return keys


def make_context(selection: Selection, items: Sequence[Item]) -> dict[str, Any]:
    """Return what the form around a table sends along, beside what is ticked."""
    return {
        "chosen_query": urlencode(selection.query.change().parameters),
        "shown_items": ",".join(str(item.uuid) for item in items),
    }


def _uuids(texts: Iterable[str]) -> Iterable[UUID]:
    for text in list(dict.fromkeys(texts))[:MOST_NAMED]:
        try:
            yield UUID(text)
        except ValueError:
            continue

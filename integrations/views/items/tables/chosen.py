"""The rows that a user chose in a table: ticked ones, a page, or all that match."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from msgspec import Struct
from msgspec.structs import replace

from integrations.forms import TableDownloadForm
from integrations.models import Item
from integrations.models.items.item import ItemQuerySet
from integrations.models.paths import path_of
from integrations.services.items.tables.listing import Selection
from integrations.services.items.tables.opening import OpenTable
from integrations.views.items.choosing.choice import (
    MOST_NAMED,
    Choice,
    ChooseForm,
    NoRowsError,
    Scope,
    choices_of,
)


class ChosenRows(Struct, frozen=True, kw_only=True):
    """Rows of one table: those named, or all that its filters select."""

    selection: Selection
    choice: Choice

    @classmethod
    def read(cls, sent: QueryDict, table: OpenTable) -> "ChosenRows":
        """Return what the form around a table sent, the table being in its address.

        Raises NoRowsError as ``Choice.read`` does.
        """
        selection = table.selection
        choice = Choice.read(
            sent,
            left_out=table.left_out,
            is_building=bool(selection.indexes.building),
        )
        return cls(selection=selection, choice=choice)

    @property
    def are_all(self) -> bool:
        """Tell whether all that match are meant, on all pages."""
        return self.choice.scope is Scope.ALL

    @property
    def filters(self) -> str:
        """Return in words what selects the rows; empty where they are named."""
        return self.selection.words if self.are_all else ""

    def items(self) -> ItemQuerySet:
        """Return the chosen items that are still there, in no order."""
        if self.are_all:
            return self.selection.items().order_by()
        live = Item.objects.live().filter(collection=self.selection.collection)
        return live.filter(uuid__in=self.choice.named).order_by()

    def keys(self, most: int) -> list[int]:
        """Return the keys of the items; raise NoRowsError for none, or too many."""
        keys = list(self.items().values_list("pk", flat=True)[: most + 1])
        if not keys:
            raise NoRowsError("no_rows")
        if len(keys) > most:
            raise NoRowsError("too_many_rows", most=most)
        return keys

    def narrow(self) -> Selection:
        """Return a selection of the chosen rows alone, in the order of the table.

        Rows that are named stay in it even if a filter does not find them any more.
        """
        if self.are_all:
            return self.selection
        if self.selection.indexes.building:
            raise NoRowsError("building")
        return replace(
            self.selection,
            query=self.selection.query.unfiltered,
            hits=None,
            linked=None,
            keys=self.keys(MOST_NAMED),
        )


def make_form(
    table: OpenTable, items: Sequence[Item], count_text: str, *, can_edit: bool
) -> ChooseForm:
    """Return the form around the rows of a table, which is in its addresses."""
    query = urlencode(table.query.change().parameters)
    if table.selection.indexes.building:
        # What is counted are rows without the filters.
        count_text = "not ready yet"

    def address(name: str, pk: UUID = table.collection.pk) -> str:
        return f"{path_of(name, pk)}?{query}"

    return ChooseForm(
        items=items,
        count_text=count_text,
        rows_url=address("table-rows"),
        download_url=address("table-download"),
        edit_url=address("bulk-edit-create") if can_edit else "",
        contents=choices_of(TableDownloadForm, "values"),
        has_all=not table.left_out,
    )

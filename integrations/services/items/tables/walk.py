"""Walk all rows of a table in its order, a part at a time, with all that is stored."""

from collections.abc import Generator

from msgspec.structs import replace

from integrations.models import Item
from integrations.services.items.tables import listing
from integrations.services.items.tables.cursors import Cursor
from integrations.services.items.tables.listing import Selection
from integrations.services.items.tables.table_query import TableQuery

PART = 500


def walk(selection: Selection, *, after: Cursor | None = None) -> Generator[Item]:
    """Yield every selected item once, from the first row, or one behind, to the last.

    Each part begins behind the last row of the one before. The indexes that the query
    is sorted and filtered by must be built.
    """
    collection = selection.collection
    step: TableQuery | None = selection.query.change(size=PART, after=after)
    while step is not None:
        page = listing.read_page(replace(selection, query=step))
        keys = [item.pk for item in page.items]
        whole = Item.objects.in_bulk(keys)
        for item in (whole[key] for key in keys if key in whole):
            item.collection, item.connection = collection, collection.connection
            yield item
        step = page.next

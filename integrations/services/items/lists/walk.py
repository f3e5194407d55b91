"""Walk all items of a list in its order, a part at a time, with all that is stored."""

from collections.abc import Generator
from dataclasses import replace

from integrations.models import Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import listing
from integrations.services.items.lists.query import ItemQuery

PART = 500


def walk(items: ItemQuerySet, query: ItemQuery, *, owner_id: int) -> Generator[Item]:
    """Yield what ``listing.select`` has filtered, from the first row to the last.

    Each part begins behind the last row of the one before, so that what changes
    meanwhile makes no row come twice. Memory holds one part.
    """
    step: ItemQuery | None = replace(query.change(), size=PART)
    while step is not None:
        page = listing.read_page(items, step, owner_id=owner_id)
        keys = [item.pk for item in page.items]
        whole = Item.objects.in_bulk(keys)
        yield from (whole[key] for key in keys if key in whole)
        step = page.next

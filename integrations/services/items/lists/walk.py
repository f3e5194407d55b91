"""Walk all items of a list in its order, a part at a time, with all that is stored."""

from collections.abc import Generator

from msgspec.structs import replace

from integrations.models import Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import listing
from integrations.services.items.lists.query import ItemQuery, Position

PART = 500


def walk(
    items: ItemQuerySet,
    query: ItemQuery,
    *,
    owner_id: int,
    after: Position | None = None,
) -> Generator[Item]:
    """Yield what ``listing.select`` has filtered, to the last row.

    The first is that of the list, or the one behind a position.

    Each part begins behind the last row of the one before, so that what changes
    meanwhile makes no row come twice. Memory holds one part.
    """
    step: ItemQuery | None = replace(query.change(after=after), size=PART)
    while step is not None:
        page = listing.read_page(items, step, owner_id=owner_id)
        ranks = {item.pk: item.rank for item in page.items}
        whole = Item.objects.in_bulk(list(ranks))
        for key in (each for each in ranks if each in whole):
            whole[key].rank = ranks[key]
            yield whole[key]
        step = page.next

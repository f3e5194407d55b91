"""Store the texts of items, whether fetched one by one or come with a list."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from integrations.models import Item, ItemContent
from integrations.providers.records import Content
from integrations.services.items.search import full_text, own_words
from integrations.services.items.search.texts import Indexer

MOST_BLOCKS: Final = 2000
TEXT_LENGTH: Final = 200_000
REASON_LENGTH: Final = 200
# Times of change are whole minutes at some providers, and clocks differ: a text that
# was read so soon after a change may lack another one of the same minute.
SETTLES: Final = timedelta(minutes=2)
# What is compared and written of a text.
COLUMNS: Final = ("blocks", "text", "is_truncated", "reason", "read_for", "read_at")


def store_contents(contents: Mapping[int, Content], *, now: datetime) -> None:
    """Store the texts of items by their keys, in the caller's transaction.

    A text that is stored already is not written again: a list shows it every time.
    None is stored where the operator wants none.
    """
    if not contents or not settings.CONTENT_PAGES_PER_RUN:
        return
    items = list(
        Item.objects.filter(pk__in=list(contents)).select_related(
            "collection__connection"
        )
    )
    known = ItemContent.objects.in_bulk([item.pk for item in items])
    rows = [to_row(item, contents[item.pk], now=now) for item in items]
    changed = [row for row in rows if _is_new(row, known.get(row.item_id))]
    ItemContent.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=list(COLUMNS),
    )
    full_text.index({}, {row.item_id: words_of(row) for row in changed})


def to_row(
    item: Item, content: Content, *, now: datetime, reason: str = ""
) -> ItemContent:
    """Return a text as it is stored, cut to what is kept; ``reason`` for none."""
    return ItemContent(
        item=item,
        blocks=list(content.blocks)[:MOST_BLOCKS],
        text=content.text[:TEXT_LENGTH],
        is_truncated=is_cut(content),
        reason=reason[:REASON_LENGTH],
        read_for=item.remote_updated_at or item.first_seen_at,
        read_at=now,
    )


def is_cut(content: Content) -> bool:
    """Tell whether more was in a text than is kept of it."""
    is_long = len(content.blocks) > MOST_BLOCKS or len(content.text) > TEXT_LENGTH
    return content.is_truncated or is_long


def words_of(row: ItemContent) -> str:
    """Return the words by which an item with this text is found."""
    item = row.item
    noted = own_words.find_words(item.collection, [item.remote_id])
    return Indexer(item.collection).text_of(
        item, content=row.text, noted=noted.get(item.remote_id, ())
    )


def kept_texts(keys: Sequence[int]) -> dict[int, str]:
    """Return the texts that are kept of items, by their keys."""
    if not keys:
        return {}
    kept = ItemContent.objects.filter(item__in=keys).exclude(text="")
    return dict(kept.values_list("item_id", "text"))


def _is_new(row: ItemContent, known: ItemContent | None) -> bool:
    """Tell whether a text differs from what is kept, or proves that to be the last."""
    if known is None or _compared(row) != _compared(known):
        return True
    return known.read_at < known.read_for + SETTLES <= row.read_at


def _compared(row: ItemContent) -> list[Any]:
    return [getattr(row, name) for name in COLUMNS if name != "read_at"]

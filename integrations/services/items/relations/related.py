"""Find a user's items that name the same address, number or company."""

from collections.abc import Sequence

from django.db.models import F
from msgspec import Struct

from integrations.models import Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.relations.traces import Trace
from integrations.services.items.search import found_items, full_text

MOST = 10
# The index finds words, not addresses: so many finds are looked at, and no more.
FOUND, LOOKED_AT = 1000, 200
# An address, and its domain, is in every record that its user works on.
LOOKED_AT_FOR_ALL = FOUND


class Related(Struct, frozen=True, kw_only=True):
    """A related item, and why it is related."""

    item: Item
    why: str


def find_related(
    item: Item, traces: Sequence[Trace], *, most: int = MOST
) -> list[Related]:
    """Return live items of the same owner in other collections, addresses first.

    Behind all that have a trace themselves come those that name somebody with it.
    These are the first; all that share a trace are on the page about it.
    """
    elsewhere = _own(item.owner_id).exclude(collection_id=item.collection_id)
    ranked = [
        (trace.is_own(other.properties), trace, other)
        for trace, others, _ in _holders(elsewhere, traces, item.owner_id)
        for other in others
    ]
    found: dict[int, Related] = {}
    for is_own, trace, other in sorted(ranked, key=lambda each: not each[0]):
        why = trace.why if is_own else trace.why_named
        found.setdefault(other.pk, Related(item=other, why=why))
    return list(found.values())[:most]


def find_all(trace: Trace, *, owner_id: int, most: int) -> tuple[list[Item], bool]:
    """Return a user's live items that hold an address, number or domain.

    Those come first that hold it themselves, before those that name a user with it.
    Beside them stands whether there are more, or may be, behind what was looked at.
    """
    few = LOOKED_AT_FOR_ALL
    [(_, items, is_cut)] = _holders(_own(owner_id), [trace], owner_id, few=few)
    items.sort(key=lambda item: not trace.is_own(item.properties))
    # The index finds what is deleted as well, so that live ones may be behind that.
    is_cut = is_cut or full_text.finds_as_many(
        trace.text, owner_id=owner_id, number=FOUND
    )
    return items[:most], is_cut or len(items) > most


def _own(owner_id: int) -> ItemQuerySet:
    """Return a user's live items, to be found by their keys.

    A sum has no index: SQLite would read all of the owner's items by theirs, rather
    than the few whose keys are known.
    """
    items = Item.objects.annotate(whose=F("owner_id") + 0).defer("children")
    return items.filter(whose=owner_id, deleted_at__isnull=True)


def _holders(
    items: ItemQuerySet, traces: Sequence[Trace], owner_id: int, *, few: int = LOOKED_AT
) -> list[tuple[Trace, list[Item], bool]]:
    """Return what holds each trace, and whether not all was looked at.

    The index finds the words of a trace, not the trace itself.
    """
    texts = [trace.text for trace in traces]
    found = found_items.find_with_texts(
        texts, items, owner_id=owner_id, most=FOUND, few=few
    )
    return [
        (
            trace,
            [item for item in candidates if trace.is_in(item.properties)],
            len(candidates) >= few,
        )
        for trace, candidates in zip(traces, found, strict=True)
    ]

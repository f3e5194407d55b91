"""Probe what an incremental sync should have been shown, and was not.

What is in the trash, or not shared any more, is in no listing of changes: it is known
by its absence from where it should have been, and proven by asking for it alone.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from zlib import crc32

from integrations.providers.notion.api.paging import PAGE_SIZE
from integrations.providers.notion.listing.tree import Tree
from integrations.providers.notion.mapping.items import ARCHIVED_KEY, DATABASE
from integrations.providers.stored import StoredItem

# Calls for it in one listing; the next incremental sync asks for others.
MOST_PROBES: Final = 10


def probe_missing(
    tree: Tree, shown: Collection[str], *, edited_after: datetime | None
) -> None:
    """Probe the collection's items that were edited after a time, less the ``shown``.

    Without a time all of them, the latest first. Archived ones are in no listing, and
    no search shows a database.
    """
    stored = tree.reader.stored
    if stored is None:
        return
    known = stored.latest(edited_after=edited_after, limit=PAGE_SIZE)
    probe(
        tree,
        [
            each
            for each in known
            if each.id not in shown
            and each.type != DATABASE
            and not each.properties.get(ARCHIVED_KEY)
            and not tree.gathering.has(each.id)
        ],
    )


def probe(tree: Tree, items: Sequence[StoredItem]) -> None:
    """Ask for each of the items, up to a bound, and tell which are not there."""
    if len(items) > MOST_PROBES:
        # Some are left out for good, and others must have their turn.
        turn = str(tree.reader.stored.began if tree.reader.stored else "")
        items = sorted(items, key=lambda item: crc32((item.id + turn).encode()))
    for item in items[:MOST_PROBES]:
        tree.probe(item)

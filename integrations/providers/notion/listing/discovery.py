"""List what can be read: databases, the rows of each data source, and pages."""

from typing import Final

from integrations.http.client import ApiClient
from integrations.http.errors import InvalidResponse
from integrations.http.shape import expect_object
from integrations.providers.notion.listing.reader import Reader
from integrations.providers.notion.listing.search import search
from integrations.providers.notion.mapping.items import (
    DATABASE,
    DATABASES,
    PAGE,
    PAGES,
    is_partial,
    is_trashed,
    to_collection,
)
from integrations.providers.records import RemoteCollection

MOST_PAGES: Final = 10


def list_collections(api: ApiClient) -> list[RemoteCollection]:
    """Return the collections that a short search finds, in the order to read them.

    Data sources that it misses are revealed while databases and pages are read.
    Pages come last, because walking through them takes longest.
    """
    first = RemoteCollection(remote_id=DATABASES, name="Databases", item_type=DATABASE)
    last = RemoteCollection(remote_id=PAGES, name="Pages", item_type=PAGE)
    found: dict[str, RemoteCollection] = {}
    reader, start = Reader(api, None), None
    for _ in range(MOST_PAGES):
        listing = search(reader, DATABASES, start)
        for row in listing.rows:
            collection = _find_collection(row)
            if collection is not None:
                found[collection.remote_id] = collection
        start = listing.following
        if start is None:
            break
    return [first, *found.values(), last]


def _find_collection(row: object) -> RemoteCollection | None:
    """Return the collection behind a hit, None when it tells too little."""
    try:
        source = expect_object(row, "hit")
        is_whole = source.get("object") == "data_source" and not is_partial(source)
        return to_collection(source) if is_whole and not is_trashed(source) else None
    except InvalidResponse:
        return None

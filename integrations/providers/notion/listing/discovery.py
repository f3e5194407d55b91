"""List what can be read: databases, the rows of each data source, and pages."""

from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError, is_refusal
from integrations.providers.errors import IncompleteListingError
from integrations.providers.listing import first_pages, map_rows
from integrations.providers.notion.listing.search import search
from integrations.providers.notion.mapping.collections import find_collection
from integrations.providers.notion.mapping.items import (
    DATABASE,
    DATABASES,
    PAGE,
    PAGES,
)
from integrations.providers.notion.reading.reader import Reader
from integrations.providers.records import RemoteCollection

MOST_PAGES: Final = 10


def list_collections(api: ApiClient) -> list[RemoteCollection]:
    """Return the collections that a short search finds, in the order to read them.

    Data sources that it misses are discovered while databases and pages are read; where
    it fails, IncompleteListingError says so beside the others.
    Pages come last, because walking through them takes longest.
    """
    first = RemoteCollection(remote_id=DATABASES, name="Databases", item_type=DATABASE)
    last = RemoteCollection(remote_id=PAGES, name="Pages", item_type=PAGE)
    found: dict[str, RemoteCollection] = {}
    reader = Reader(api, None)

    def fetch(start: str | None) -> tuple[list[Any], str | None]:
        listing = search(reader, DATABASES, start)
        return listing.rows, listing.following

    failed: list[tuple[str, ApiError]] = []
    try:
        for rows in first_pages(fetch, most=MOST_PAGES):
            known = filter(None, map_rows(rows, find_collection).mapped)
            found |= {collection.remote_id: collection for collection in known}
    except ApiError as exc:
        if not is_refusal(exc):
            raise
        failed.append(("Data sources", exc))
    collections = [first, *found.values(), last]
    if failed:
        raise IncompleteListingError(
            "the search for data sources failed", found=collections, parts=failed
        )
    return collections


def fetch_columns(api: ApiClient) -> list[RemoteCollection]:
    """Return the collections of a search's first page, the last edited first."""
    rows = search(Reader(api, None), DATABASES, None).rows
    return [each for each in map_rows(rows, find_collection).mapped if each is not None]

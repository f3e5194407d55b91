"""Find the items that an id, or the address of a page at a provider, stands for."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from integrations.models import Collection, Item
from integrations.providers import CONNECTORS

MAX_ADDRESS = 2000
MOST_PARTS = 40
MOST_FOUND = 10
PART = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9]+", re.IGNORECASE
)
HEX_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE | re.ASCII)
# As browsers show addresses, and some people copy them.
BARE = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?/", re.IGNORECASE)
# What stands around an address in a message.
AROUND = "<>()[]\"'.,; "
# Letters alone would be any word; but those of ids are large and small, in no order.
ID = re.compile(r"(?=.*(?:\d|[a-z][A-Z]))[\w.:-]{1,255}", re.ASCII)


class Named(Struct, frozen=True, kw_only=True):
    """The items that a text names; ``is_exact`` if it stands for the one."""

    items: Sequence[Item] = ()
    is_exact: bool = False


def find_named(collections: Sequence[Collection], text: str) -> Named:
    """Return the items that an id or an address names, of all the collections given.

    An address names what it has most in common with, at the same site: the account
    tells items of one id apart, as do the types that a provider writes into it.
    """
    text = text.strip()[:MAX_ADDRESS]
    address = _to_address(text)
    parts = _parts(address) if address else []
    ids = {spelling for part in parts for spelling in _spellings(part)}
    if not parts and ID.fullmatch(text):
        ids = set(_spellings(text))
    if not ids:
        return Named()
    rows = list(_rows(collections, ids))
    if parts:
        return _closest(rows, address, parts)
    living = _living(rows)
    return Named(
        items=living if len(living) == 1 else rows[:MOST_FOUND],
        is_exact=len(living) == 1,
    )


def _to_address(text: str) -> str:
    """Return a text as an address, with or without its scheme; empty for none."""
    text = text.strip(AROUND)
    if re.search(r"\s", text):
        return ""
    if SCHEME.match(text):
        return text
    return f"https://{text}" if BARE.match(text) else ""


def _living(rows: Sequence[Item]) -> Sequence[Item]:
    """Return those that are not deleted, or all where none is."""
    return [row for row in rows if not row.is_deleted] or rows


def _parts(address: str) -> list[str]:
    """Return the words and numbers of an address behind its host, in order."""
    try:
        split = urlsplit(address)
    except ValueError:
        return []
    return PART.findall(f"{split.path}/{split.query}")[:MOST_PARTS]


def _spellings(part: str) -> Iterator[str]:
    """Yield an id as it is, and as a UUID if it may be one without its dashes."""
    yield part
    plain = part.replace("-", "")
    if HEX_ID.fullmatch(plain):
        yield str(UUID(plain))


def _rows(collections: Sequence[Collection], ids: set[str]) -> Iterator[Item]:
    """Yield items by the index of ids, which begins with the collection."""
    keys = [collection.pk for collection in collections]
    rows = Item.objects.filter(collection__in=keys, remote_id__in=ids)
    yield from rows.select_related("connection", "collection").order_by("deleted_at")


def _closest(rows: Sequence[Item], address: str, parts: Sequence[str]) -> Named:
    site = _site(address)
    near = [row for row in rows if row.remote_url and _site(row.remote_url) == site]
    meant = [row for row in near if _is_meant(row, address)]
    common = {row.pk: len(set(parts) & set(_parts(row.remote_url))) for row in near}
    best = max((common[row.pk] for row in meant or near), default=0)
    items = _living([row for row in meant or near if common[row.pk] == best])
    return Named(items=items[:MOST_FOUND], is_exact=len(meant) > 0 and len(items) == 1)


def _is_meant(row: Item, address: str) -> bool:
    """Tell whether an address is that of an item, and not of something inside it."""
    connector = CONNECTORS.get(row.provider)
    if connector is None:
        return False
    target = connector.page_target(urlsplit(address))
    is_type = target.item_type in ("", row.type)
    is_account = target.account in ("", *_parts(row.remote_url))
    is_it = row.remote_id in _spellings(target.remote_id)
    return is_it and is_type and is_account


def _site(address: str) -> str:
    """Return whose site it is: one company has hosts of several regions and endings."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return host.split(".")[-2:][0]

"""Find the items that an id, or the address of a page at a provider, stands for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from integrations.models import Collection, Item

MAX_ADDRESS = 2000
MOST_PARTS = 40
MOST_FOUND = 10
PART = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9]+", re.IGNORECASE
)
HEX_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
# An id of letters alone would be any word.
ID = re.compile(r"(?=.*\d)[\w.:-]{1,255}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Named:
    """The items that a text names; ``is_exact`` if it is the address of the one."""

    items: Sequence[Item] = ()
    is_exact: bool = False


def find_named(collections: Sequence[Collection], text: str) -> Named:
    """Return the items that an id or an address names, of all the collections given.

    An address names what it has most in common with, at the same site: the account
    tells items of one id apart, as do the types that a provider writes into it.
    """
    text = text.strip()[:MAX_ADDRESS]
    parts = _parts(text) if _is_address(text) else []
    ids = {spelling for part in parts for spelling in _spellings(part)}
    if not parts and ID.fullmatch(text):
        ids = set(_spellings(text))
    if not ids:
        return Named()
    rows = list(_rows(collections, ids))
    if not parts:
        return Named(items=rows[:MOST_FOUND])
    return _closest(rows, text, parts)


def _is_address(text: str) -> bool:
    return text.startswith(("https://", "http://")) and not re.search(r"\s", text)


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
    if not near:
        return Named()
    common = {row.pk: len(set(parts) & set(_parts(row.remote_url))) for row in near}
    best = max(common.values())
    items = [row for row in near if common[row.pk] == best][:MOST_FOUND]
    is_exact = len(items) == 1 and items[0].remote_id in _spellings(parts[-1])
    return Named(items=items, is_exact=is_exact)


def _site(address: str) -> str:
    """Return whose site it is: one company has hosts of several regions and endings."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return host.split(".")[-2:][0]

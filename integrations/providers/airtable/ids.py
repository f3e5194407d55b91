"""Read Airtable's ids: three letters that say of what, then letters and digits.

Ids never change, names do: ids are the keys everywhere, and names only labels.
"""

import re
from typing import Final

from integrations.http.errors import InvalidResponse, NotFound

STRUCTURE: Final = "structure"
BASE, TABLE, FIELD, VIEW = "app", "tbl", "fld", "viw"
RECORD, USER = "rec", "usr"
WEB: Final = "https://airtable.com"
# 17 characters in all, today; a longer id is no reason to lose a record.
_REST: Final = re.compile(r"[A-Za-z0-9]{4,60}", re.ASCII)


def is_id(value: object, prefix: str) -> bool:
    """Tell whether ``value`` is an id of the kind that ``prefix`` stands for."""
    if not isinstance(value, str) or not value.startswith(prefix):
        return False
    return _REST.fullmatch(value, len(prefix)) is not None


def to_id(value: object, prefix: str) -> str:
    """Return ``value`` as an id of one kind; InvalidResponse when it is none."""
    if isinstance(value, str) and is_id(value, prefix):
        return value
    raise InvalidResponse(f"id: expected one that begins with {prefix}")


def table_key(base_id: str, table_id: str) -> str:
    """Return the collection's id of a table."""
    return f"{base_id}/{table_id}"


def web_url(*ids: str) -> str:
    """Return the web address of a base, a table of it, or a record of that."""
    return "/".join((WEB, *ids))


def split_key(remote_id: str) -> tuple[str, str]:
    """Return the ids of the base and of the table that a collection stands for."""
    base_id, _, table_id = remote_id.partition("/")
    if not is_id(base_id, BASE) or not is_id(table_id, TABLE):
        raise NotFound(f"Airtable has no collection {remote_id!r} here")
    return base_id, table_id

"""Read where an object stands: parents of every kind, also those not known yet."""

from typing import Final

from msgspec import Struct

from integrations.providers.notion.ids import find_id

WORKSPACE, PAGE, BLOCK = "workspace", "page", "block"
DATA_SOURCE, DATABASE, ELSEWHERE = "data_source", "database", "elsewhere"

_KINDS: Final = {
    "page_id": PAGE,
    "block_id": BLOCK,
    "data_source_id": DATA_SOURCE,
    "database_id": DATABASE,
}
NOT_SHARED: Final = "A page that is not shared"
_PLACES: Final = {
    "workspace": "Workspace",
    "agent_id": "A Notion agent",
}
UNKNOWN_PLACE: Final = "Elsewhere in Notion"


class Parent(Struct, frozen=True, kw_only=True):
    """The parent of an object: its kind, its id if it has one, else a name."""

    kind: str
    id: str | None = None
    name: str | None = None


def to_parent(value: object) -> Parent:
    """Return the parent in an object; an unknown kind is a place without an id."""
    parent = value if isinstance(value, dict) else {}
    word = parent.get("type")
    word = word if isinstance(word, str) else ""
    kind = _KINDS.get(word)
    remote_id = find_id(parent.get(word)) if kind else None
    if kind and remote_id:
        return Parent(kind=kind, id=remote_id)
    place = WORKSPACE if word == "workspace" else ELSEWHERE
    return Parent(kind=place, name=_PLACES.get(word, UNKNOWN_PLACE))

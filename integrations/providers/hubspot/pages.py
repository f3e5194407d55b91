"""Read the addresses of HubSpot's own pages."""

import re
from typing import Final

from integrations.providers.connector import PageTarget
from integrations.providers.hubspot.objects import OBJECT_TYPES

# Pages of records are addressed by type id, and were by the name of the type before;
# what is open on such a page may follow.
_RECORD: Final = re.compile(
    r"/contacts/(?P<account>\d+)/(?:record/)?(?P<kind>[\w-]+)/(?P<id>\d+)(?:/.*)?",
    re.ASCII,
)
_TYPES: Final = {
    name: kind.item_type
    for kind in OBJECT_TYPES.values()
    for name in (kind.type_id, kind.item_type)
}


def record_in(path: str) -> PageTarget:
    """Return the record that a page is about, none for lists and other pages."""
    found = _RECORD.fullmatch(path)
    if found is None or found["kind"] not in _TYPES:
        return PageTarget(remote_id="")
    return PageTarget(
        remote_id=found["id"],
        item_type=_TYPES[found["kind"]],
        account=found["account"],
    )

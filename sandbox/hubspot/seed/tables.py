"""Insert records and the associations between them."""

from collections.abc import Iterable
from sqlite3 import Connection

from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS

# Portal, type, id, modified, archived_at, indexed_at, properties.
INSERT_RECORD = (
    "INSERT INTO hubspot_record (portal, type, id, modified, archived_at, indexed_at,"
    " properties) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
# Two records, each by type and id, whether one is the other's primary one, and what
# the portal's users call the pair, if anything.
Pair = tuple[str, int, str, int, bool, str]

# Type ids by direction: the unlabelled one, then the primary one where it exists.
TYPE_IDS: dict[tuple[str, str], tuple[int, ...]] = {
    (CONTACTS, COMPANIES): (279, 1),
    (COMPANIES, CONTACTS): (280, 2),
    (DEALS, CONTACTS): (3,),
    (CONTACTS, DEALS): (4,),
    (DEALS, COMPANIES): (341, 5),
    (COMPANIES, DEALS): (342, 6),
}
PRIMARY = {kind for kinds in TYPE_IDS.values() for kind in kinds[1:]}
# Labels that the users of a portal have made, by direction.
LABEL_IDS: dict[tuple[str, str], dict[str, int]] = {
    (CONTACTS, COMPANIES): {"Decision maker": 33, "Billing contact": 35},
    (COMPANIES, CONTACTS): {"Decision maker": 34, "Billing contact": 36},
    (DEALS, CONTACTS): {"Decision maker": 37},
    (CONTACTS, DEALS): {"Decision maker": 38},
}
LABELS = {kind: label for ids in LABEL_IDS.values() for label, kind in ids.items()}


def insert_links(connection: Connection, portal: str, pairs: Iterable[Pair]) -> None:
    """Associate records both ways; primary ones and labels come on top."""
    rows = []
    for one, one_id, other, other_id, is_primary, label in pairs:
        for ends in ((one, one_id, other, other_id), (other, other_id, one, one_id)):
            way = ends[0], ends[2]
            kinds = [*TYPE_IDS[way][: 1 + is_primary]]
            kinds += [LABEL_IDS[way][label]] if label else []
            rows += [(portal, *ends, kind) for kind in kinds]
    connection.executemany(
        "INSERT OR IGNORE INTO hubspot_link VALUES (?, ?, ?, ?, ?, ?)", rows
    )

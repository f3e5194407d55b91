"""Insert records and the associations between them."""

from collections.abc import Iterable
from sqlite3 import Connection

from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS

# Portal, type, id, modified, archived_at, indexed_at, properties.
INSERT_RECORD = (
    "INSERT INTO hubspot_record (portal, type, id, modified, archived_at, indexed_at,"
    " properties) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
# Two records, each by type and id, and whether one is the other's primary one.
Pair = tuple[str, int, str, int, bool]

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


def insert_links(connection: Connection, portal: str, pairs: Iterable[Pair]) -> None:
    """Associate records both ways; a primary association comes on top."""
    rows = []
    for one, one_id, other, other_id, is_primary in pairs:
        for ends in ((one, one_id, other, other_id), (other, other_id, one, one_id)):
            kinds = TYPE_IDS[ends[0], ends[2]]
            rows += [(portal, *ends, kind) for kind in kinds[: 1 + is_primary]]
    connection.executemany(
        "INSERT OR IGNORE INTO hubspot_link VALUES (?, ?, ?, ?, ?, ?)", rows
    )

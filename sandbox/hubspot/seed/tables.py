"""Define the tables of the simulated portals, and insert new rows."""

from collections.abc import Iterable
from sqlite3 import Connection

from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS

SCHEMA = """
-- Keys are never used again, so what names one may outlive its record.
CREATE TABLE IF NOT EXISTS hubspot_record (
    key INTEGER PRIMARY KEY AUTOINCREMENT, portal TEXT NOT NULL, type TEXT NOT NULL,
    id INTEGER NOT NULL, modified INTEGER NOT NULL, archived_at INTEGER,
    indexed_at INTEGER NOT NULL, properties TEXT NOT NULL,
    archived INTEGER AS (archived_at IS NOT NULL),
    email TEXT AS (lower(json_extract(properties, '$.email'))),
    UNIQUE (portal, type, id));
CREATE INDEX IF NOT EXISTS hubspot_changed ON hubspot_record
    (portal, type, archived, modified, id);
CREATE INDEX IF NOT EXISTS hubspot_email ON hubspot_record (portal, type, email);
CREATE INDEX IF NOT EXISTS hubspot_indexed ON hubspot_record
    (portal, type, indexed_at) WHERE indexed_at > 0;

-- What the search index still believes about a record that was just written.
CREATE TABLE IF NOT EXISTS hubspot_stale (
    record INTEGER NOT NULL, modified INTEGER NOT NULL, properties TEXT NOT NULL,
    visible_from INTEGER NOT NULL, visible_until INTEGER NOT NULL,
    email TEXT AS (lower(json_extract(properties, '$.email'))));

CREATE TABLE IF NOT EXISTS hubspot_history (
    record INTEGER NOT NULL, name TEXT NOT NULL, old TEXT, value TEXT NOT NULL,
    at INTEGER NOT NULL, source TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS hubspot_history_record ON hubspot_history (record, name);

-- The id that a merged-away id leads to, whatever was merged since.
CREATE TABLE IF NOT EXISTS hubspot_alias (
    portal TEXT NOT NULL, type TEXT NOT NULL, old INTEGER NOT NULL,
    new INTEGER NOT NULL, PRIMARY KEY (portal, type, old)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS hubspot_link (
    portal TEXT NOT NULL, from_type TEXT NOT NULL, from_id INTEGER NOT NULL,
    to_type TEXT NOT NULL, to_id INTEGER NOT NULL, type_id INTEGER NOT NULL,
    PRIMARY KEY (portal, from_type, to_type, from_id, to_id, type_id)) WITHOUT ROWID;
"""
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
ENDS = {kind: ends for ends, kinds in TYPE_IDS.items() for kind in kinds}
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

"""Define the tables of the simulated portals, and insert new rows."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS

SCHEMA = """
CREATE TABLE IF NOT EXISTS hubspot_record (
    key INTEGER PRIMARY KEY, portal TEXT NOT NULL, type TEXT NOT NULL,
    id INTEGER NOT NULL, archived INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL, modified INTEGER NOT NULL, archived_at INTEGER,
    indexed_at INTEGER NOT NULL DEFAULT 0, email TEXT, unique_key TEXT,
    properties TEXT NOT NULL, UNIQUE (portal, type, id));
CREATE INDEX IF NOT EXISTS hubspot_list ON hubspot_record
    (portal, type, archived, id);
CREATE INDEX IF NOT EXISTS hubspot_changed ON hubspot_record
    (portal, type, archived, modified, id);
CREATE INDEX IF NOT EXISTS hubspot_email ON hubspot_record (portal, type, email)
    WHERE email IS NOT NULL;
CREATE INDEX IF NOT EXISTS hubspot_unique ON hubspot_record
    (portal, type, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS hubspot_indexed ON hubspot_record
    (portal, type, indexed_at) WHERE indexed_at > 0;

-- What the search index still believes about a record that was just written.
CREATE TABLE IF NOT EXISTS hubspot_stale (
    portal TEXT NOT NULL, type TEXT NOT NULL, id INTEGER NOT NULL,
    created INTEGER NOT NULL, modified INTEGER NOT NULL, email TEXT,
    properties TEXT NOT NULL, visible_from INTEGER NOT NULL,
    visible_until INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS hubspot_stale_type ON hubspot_stale
    (portal, type, visible_until);

CREATE TABLE IF NOT EXISTS hubspot_alias (
    portal TEXT NOT NULL, type TEXT NOT NULL, old INTEGER NOT NULL,
    new INTEGER NOT NULL, PRIMARY KEY (portal, type, old)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS hubspot_last_id (
    portal TEXT NOT NULL, type TEXT NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (portal, type)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS hubspot_history (
    portal TEXT NOT NULL, type TEXT NOT NULL, id INTEGER NOT NULL,
    name TEXT NOT NULL, value TEXT, at INTEGER NOT NULL, source TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS hubspot_history_record ON hubspot_history
    (portal, type, id);

CREATE TABLE IF NOT EXISTS hubspot_link (
    portal TEXT NOT NULL, from_type TEXT NOT NULL, from_id INTEGER NOT NULL,
    to_type TEXT NOT NULL, to_id INTEGER NOT NULL, type_id INTEGER NOT NULL,
    PRIMARY KEY (portal, from_type, to_type, from_id, to_id, type_id)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS hubspot_owner (
    portal TEXT NOT NULL, id INTEGER NOT NULL, archived INTEGER NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (portal, id)) WITHOUT ROWID;
"""
End = tuple[str, int]
Link = tuple[str, int, str, int, int]

# Type ids by direction: the unlabelled one, then the primary one where it exists.
TYPE_IDS: dict[tuple[str, str], tuple[int, int | None]] = {
    (CONTACTS, COMPANIES): (279, 1),
    (COMPANIES, CONTACTS): (280, 2),
    (DEALS, CONTACTS): (3, None),
    (CONTACTS, DEALS): (4, None),
    (DEALS, COMPANIES): (341, 5),
    (COMPANIES, DEALS): (342, 6),
}
PRIMARY = {primary for _, primary in TYPE_IDS.values()} - {None}


@dataclass(frozen=True, kw_only=True)
class NewRecord:
    """A record about to be stored."""

    portal: str
    type: str
    id: int
    created: int
    modified: int
    properties: dict[str, str]
    archived_at: int | None = None
    indexed_at: int = 0


def to_columns(properties: Mapping[str, str]) -> tuple[str | None, str | None, str]:
    """Return what is stored of properties: e-mail, unique key, and all as JSON."""
    email, key = properties.get("email"), properties.get("crm_key")
    text = json.dumps(properties, separators=(",", ":"))
    return email.lower() if email else None, key or None, text


def insert_records(
    connection: sqlite3.Connection, records: Iterable[NewRecord]
) -> None:
    """Store new records."""
    connection.executemany(
        "INSERT INTO hubspot_record (portal, type, id, archived, created, modified,"
        " archived_at, indexed_at, email, unique_key, properties)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                record.portal,
                record.type,
                record.id,
                int(record.archived_at is not None),
                record.created,
                record.modified,
                record.archived_at,
                record.indexed_at,
                *to_columns(record.properties),
            )
            for record in records
        ),
    )


def make_links(one: End, other: End, *, is_primary: bool = False) -> list[Link]:
    """Return the links of two records, both ways; primary ones come on top."""
    found = []
    for a, b in ((one, other), (other, one)):
        plain, first = TYPE_IDS[a[0], b[0]]
        found.append((*a, *b, plain))
        if is_primary and first is not None:
            found.append((*a, *b, first))
    return found


def insert_links(
    connection: sqlite3.Connection, portal: str, links: Iterable[Link]
) -> None:
    """Store associations, those apart that are there already."""
    connection.executemany(
        "INSERT OR IGNORE INTO hubspot_link VALUES (?, ?, ?, ?, ?, ?)",
        ((portal, *link) for link in links),
    )

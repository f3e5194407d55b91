"""Lay out the tables of the simulated portals."""

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

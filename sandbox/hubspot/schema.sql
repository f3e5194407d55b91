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

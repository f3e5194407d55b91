CREATE TABLE IF NOT EXISTS airtable_base (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, workspace TEXT NOT NULL,
    name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS airtable_member (
    base TEXT NOT NULL, user TEXT NOT NULL, level TEXT NOT NULL,
    PRIMARY KEY (base, user)) WITHOUT ROWID;
-- A table is JSON as the base schema shows it.
CREATE TABLE IF NOT EXISTS airtable_table (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, base TEXT NOT NULL,
    shown TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS airtable_table_base ON airtable_table (base);
-- `modified` stays empty until the first edit after creation.
CREATE TABLE IF NOT EXISTS airtable_record (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, table_id TEXT NOT NULL,
    created INTEGER NOT NULL, modified INTEGER, modified_by TEXT NOT NULL DEFAULT '',
    cells TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS airtable_record_table ON airtable_record (table_id, id);
CREATE TABLE IF NOT EXISTS airtable_iterator (
    id TEXT PRIMARY KEY, table_id TEXT NOT NULL, used_at REAL NOT NULL,
    ids TEXT NOT NULL);
-- Which bases and workspaces a person chose.
CREATE TABLE IF NOT EXISTS airtable_grant (
    grant_id INTEGER PRIMARY KEY, resources TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS airtable_unshared (
    grant_id INTEGER NOT NULL, base TEXT NOT NULL,
    PRIMARY KEY (grant_id, base)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS airtable_calls (
    workspace TEXT NOT NULL, month TEXT NOT NULL, calls INTEGER NOT NULL,
    PRIMARY KEY (workspace, month)) WITHOUT ROWID;

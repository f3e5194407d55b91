-- Pages, databases and data sources. `container` is the nearest of these above,
-- `block` the block in between when there is one, `old_*` what search still believes.
CREATE TABLE IF NOT EXISTS notion_object (
    key INTEGER PRIMARY KEY, workspace TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL, container TEXT NOT NULL, block TEXT NOT NULL,
    created INTEGER NOT NULL, edited INTEGER NOT NULL,
    created_by TEXT NOT NULL, edited_by TEXT NOT NULL,
    in_trash INTEGER NOT NULL DEFAULT 0, is_archived INTEGER NOT NULL DEFAULT 0,
    indexed_at INTEGER NOT NULL DEFAULT 0, old_edited INTEGER, old_trash INTEGER,
    luck INTEGER NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notion_container ON notion_object
    (container, kind, in_trash, is_archived, created);
CREATE INDEX IF NOT EXISTS notion_workspace ON notion_object (workspace, kind);

CREATE TABLE IF NOT EXISTS notion_block (
    id TEXT PRIMARY KEY, page TEXT NOT NULL, parent TEXT NOT NULL,
    position INTEGER NOT NULL, type TEXT NOT NULL, created INTEGER NOT NULL,
    edited INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notion_children ON notion_block (parent, position);
CREATE INDEX IF NOT EXISTS notion_blocks_of ON notion_block (page);

-- What a person picked for the app; 0 shuts a subtree out of what was picked above.
CREATE TABLE IF NOT EXISTS notion_share (
    holder TEXT NOT NULL, id TEXT NOT NULL, allowed INTEGER NOT NULL,
    since INTEGER NOT NULL, PRIMARY KEY (holder, id)) WITHOUT ROWID;
-- Worked out from the shares: everything the app may see.
CREATE TABLE IF NOT EXISTS notion_visible (
    holder TEXT NOT NULL, key INTEGER NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (holder, key)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS notion_bot (
    grant_id INTEGER PRIMARY KEY, holder TEXT NOT NULL, bot TEXT NOT NULL,
    owner TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS plain_record (
    provider TEXT NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL,
    id TEXT NOT NULL, fields TEXT NOT NULL, created INTEGER NOT NULL,
    modified INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (provider, account, kind, id)) WITHOUT ROWID;

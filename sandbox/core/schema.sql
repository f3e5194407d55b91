CREATE TABLE IF NOT EXISTS seeded (provider TEXT PRIMARY KEY, seed INTEGER);
CREATE TABLE IF NOT EXISTS switch (
    provider TEXT NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL,
    value TEXT NOT NULL, PRIMARY KEY (provider, account, name));
-- `skip` calls pass first; `remaining` empty means until off. With `path` among its
-- parameters a fault strikes only where an address contains that.
CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, family TEXT NOT NULL,
    account TEXT NOT NULL, kind TEXT NOT NULL, params TEXT NOT NULL,
    skip INTEGER NOT NULL, remaining INTEGER, hits INTEGER NOT NULL DEFAULT 0);

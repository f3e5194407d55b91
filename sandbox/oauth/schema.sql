CREATE TABLE IF NOT EXISTS oauth_grant (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, account TEXT NOT NULL,
    user TEXT NOT NULL, scopes TEXT NOT NULL, created_at REAL NOT NULL,
    ended_at REAL, reason TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS authorization_code (
    value TEXT PRIMARY KEY, provider TEXT NOT NULL, account TEXT NOT NULL,
    user TEXT NOT NULL, scopes TEXT NOT NULL, redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL, method TEXT NOT NULL, expires_at REAL NOT NULL,
    used_at REAL, choice TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS oauth_token (
    value TEXT PRIMARY KEY, grant_id INTEGER NOT NULL, kind TEXT NOT NULL,
    issued_at REAL NOT NULL, expires_at REAL, spent_at REAL, revoked_at REAL,
    successor TEXT);
CREATE INDEX IF NOT EXISTS oauth_token_grant ON oauth_token (grant_id, kind);
CREATE TABLE IF NOT EXISTS token_request (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, provider TEXT NOT NULL,
    grant_type TEXT NOT NULL, account TEXT NOT NULL, fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL, error TEXT NOT NULL, is_double INTEGER NOT NULL,
    is_overlapping INTEGER NOT NULL);

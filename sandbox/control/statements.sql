-- name: live
SELECT t.value, g.account, g.id AS "grant" FROM oauth_token t
JOIN oauth_grant g ON g.id = t.grant_id WHERE g.provider = ? AND t.kind = 'access'
AND (t.expires_at > ? OR t.expires_at IS NULL)

-- name: tokens
SELECT t.value, t.kind, t.grant_id, t.issued_at, t.expires_at, t.spent_at,
    t.revoked_at, g.provider, g.account, g.user, g.scopes
FROM oauth_token t JOIN oauth_grant g ON g.id = t.grant_id ORDER BY t.rowid

-- name: grants
SELECT id, account, user FROM oauth_grant
WHERE provider = ? AND ended_at IS NULL ORDER BY id DESC

-- name: add
INSERT INTO fault (provider, family, account, kind, params, skip, remaining)
VALUES (:provider, :family, :account, :kind, :params, :skip, :remaining) RETURNING *

-- name: meant
SELECT * FROM fault WHERE provider = ? AND account IN ('', ?)
AND instr(?, coalesce(params ->> 'path', '')) ORDER BY id

-- name: count
UPDATE fault SET skip = max(skip - 1, 0), hits = hits + (skip = 0),
remaining = remaining - (skip = 0) WHERE id = ?

-- Changes of stored objects and shares.

-- name: unpick
-- What a person shut out stays shut out unless it is picked: it is the page's setting.
DELETE FROM notion_share WHERE holder = :holder AND allowed
AND id NOT IN (SELECT value FROM json_each(:picked))

-- name: pick
-- What was shared before keeps its date.
INSERT INTO notion_share SELECT :holder, value, 1, :now FROM json_each(:picked)
WHERE true ON CONFLICT (holder, id)
DO UPDATE SET allowed = 1, since = iif(allowed, since, excluded.since)

-- name: share
REPLACE INTO notion_share SELECT DISTINCT holder, :id, :allowed, :now
FROM notion_share WHERE holder GLOB :holders

-- name: spread
-- From the top down: a share of one's own counts, else what the container has.
INSERT INTO notion_visible
WITH RECURSIVE tree (holder, key, id, allowed, since) AS (
    SELECT h.holder, o.key, o.id, COALESCE(s.allowed, 0), COALESCE(s.since, 0)
    FROM (SELECT DISTINCT holder FROM notion_share WHERE holder GLOB :holders) h
    JOIN notion_object o ON o.workspace = :workspace AND o.container = ''
    LEFT JOIN notion_share s ON s.holder = h.holder AND s.id = o.id
    UNION ALL
    SELECT t.holder, o.key, o.id, COALESCE(s.allowed, t.allowed),
        COALESCE(s.since, t.since)
    FROM tree t JOIN notion_object o ON o.container = t.id
    LEFT JOIN notion_share s ON s.holder = t.holder AND s.id = o.id)
SELECT holder, key, since FROM tree WHERE allowed

-- name: mark
UPDATE notion_object SET edited = :minute, edited_by = :editor,
    old_edited = iif(indexed_at <= :now, edited, old_edited),
    old_trash = iif(indexed_at <= :now, in_trash, old_trash),
    indexed_at = :now + :lag
WHERE id = :id

-- name: above
WITH RECURSIVE up (id) AS (
    SELECT :start UNION
    SELECT o.container FROM up JOIN notion_object o ON o.id = up.id)
SELECT 1 FROM up WHERE id = :wanted

-- name: below
WITH RECURSIVE down (id) AS (
    SELECT ? UNION ALL
    SELECT o.id FROM down JOIN notion_object o ON o.container = down.id)
SELECT json_group_array(id) FROM down

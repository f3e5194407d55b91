-- name: records
SELECT * FROM notion_object WHERE workspace = :account AND kind = :kind
AND id > :after AND :title IN ('', title) ORDER BY id LIMIT :limit

-- name: inventory
-- Without a holder it is everything.
SELECT o.id, o.kind, o.in_trash, o.edited FROM notion_object o
WHERE o.workspace = :account AND (:holder = '' OR EXISTS (
    SELECT 1 FROM notion_visible v WHERE v.key = o.key AND v.holder = :holder))
ORDER BY o.id

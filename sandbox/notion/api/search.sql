-- What the index holds, and the rows of data sources.

-- name: found
-- A data source is as good as picked when its database was.
SELECT o.key, iif(o.indexed_at <= :now, o.edited, o.old_edited) AS known
FROM notion_object o
JOIN notion_visible v ON v.key = o.key AND v.holder = :holder AND v.since <= :shared
LEFT JOIN notion_share s ON s.holder = :holder AND s.allowed
    AND s.id IN (o.id, iif(o.kind = 'data_source', o.container, NULL))
WHERE o.workspace = :workspace AND o.kind IN (:page, :data_source)
    AND iif(o.indexed_at <= :now, o.in_trash, o.old_trash) = :trash
    AND known IS NOT NULL AND (o.luck >= :left_out OR s.id IS NOT NULL)
GROUP BY o.key ORDER BY

-- name: in_order
-- Found objects are read last: sorting all of them whole would take three times as long.
SELECT o.* FROM json_each(:keys) k JOIN notion_object o ON o.key = k.value
ORDER BY k.key

-- name: rows
-- Beside its rows, a wiki holds the data sources of the databases in its own.
FROM notion_object o JOIN notion_visible v ON v.key = o.key AND v.holder = :holder
WHERE (o.container = :source AND o.kind = 'page' OR o.kind = 'data_source'
    AND o.container IN (SELECT d.id FROM notion_object d
        WHERE d.container = :database AND d.kind = 'database'))
    AND o.in_trash = 0 AND o.is_archived = :archived

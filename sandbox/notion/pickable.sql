-- Top pages and databases, pages set out below one, and what is picked already.
SELECT o.id, iif(o.title = '', 'Untitled', substr(o.title, 1, 70)) AS title,
    iif(length(o.title) > 70, '…', '') AS more,
    iif(o.kind = 'page', 'Page', 'Database')
        || COALESCE(' in ' || nullif(above.title, ''), '') AS note,
    iif(json_type(o.body, '$.icon') = 'text', o.body ->> '$.icon', '📄') AS icon,
    iif(:is_live, s.id IS NOT NULL, o.body ->> '$.unticked' IS NULL) AS ticked
FROM notion_object o LEFT JOIN notion_object above ON above.id = o.container
LEFT JOIN notion_share s ON s.holder = :holder AND s.id = o.id AND s.allowed
WHERE o.workspace = :workspace AND o.kind <> 'data_source' AND o.in_trash = 0
    AND (o.container = '' OR s.id IS NOT NULL OR o.body ->> '$.offered')
    AND COALESCE(instr(o.body ->> '$.full_access', :person), true)
ORDER BY o.key

-- name: next_id
-- An id above any ever given, in any portal.
SELECT 200000000001 + COALESCE(MAX(seq), 0) AS id FROM sqlite_sequence
WHERE name = 'hubspot_record'

-- name: current_id
SELECT new FROM hubspot_alias WHERE portal = ? AND type = ? AND old = ?

-- name: links
-- The links between records that exist, to live ones only.
SELECT l.from_id, l.to_id, json_group_array(l.type_id) AS kinds FROM hubspot_link l
JOIN hubspot_record a ON (a.portal, a.type, a.id) = (l.portal, l.from_type, from_id)
JOIN hubspot_record b ON (b.portal, b.type, b.id) = (l.portal, l.to_type, to_id)
WHERE l.portal = ? AND l.from_type = ? AND l.to_type = ? AND b.archived = 0
AND l.from_id IN (SELECT value FROM json_each(?))
GROUP BY l.from_id, l.to_id ORDER BY l.from_id, l.to_id

-- name: settled
SELECT key, id, modified, email, properties, archived FROM hubspot_record
WHERE portal = ?1 AND type = ?2 AND archived = 0

-- name: lagging
-- What the index believes while it lags: settled rows, and old states of the others.
SELECT key, id, modified, email, properties, archived FROM hubspot_record
WHERE portal = ?1 AND type = ?2 AND archived = 0 AND indexed_at <= ?3
UNION ALL
SELECT r.key, r.id, s.modified, s.email, s.properties, r.archived
FROM hubspot_stale s JOIN hubspot_record r ON r.key = s.record
WHERE r.portal = ?1 AND r.type = ?2 AND r.archived = 0
AND visible_from <= ?3 AND visible_until > ?3

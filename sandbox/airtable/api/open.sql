-- The bases a grant opens to its user, with their level on each.
SELECT b.*, m.level, g.resources FROM airtable_base b
JOIN airtable_member m ON m.base = b.id AND m.user = ?1
JOIN airtable_grant g ON g.grant_id = ?3
WHERE b.account = ?2 AND b.id NOT IN
    (SELECT base FROM airtable_unshared WHERE grant_id = ?3)
ORDER BY b.id

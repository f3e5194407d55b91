"""Know the association types and find what a record is associated with."""

import json

from sandbox.core.storage import Row, Storage
from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS, SINGULAR

Link = tuple[str, int, str, int, int]

# Type ids by direction: the unlabelled one, then the primary one where it exists.
TYPE_IDS: dict[tuple[str, str], tuple[int, int | None]] = {
    (CONTACTS, COMPANIES): (279, 1),
    (COMPANIES, CONTACTS): (280, 2),
    (DEALS, CONTACTS): (3, None),
    (CONTACTS, DEALS): (4, None),
    (DEALS, COMPANIES): (341, 5),
    (COMPANIES, DEALS): (342, 6),
}
PRIMARY = {primary for _, primary in TYPE_IDS.values()} - {None}


def link_pair(
    from_type: str, from_id: int, to_type: str, to_id: int, *, primary: bool
) -> list[Link]:
    """Return the links of two records, both ways; primary ones come on top."""
    found = []
    for a_type, a_id, b_type, b_id in (
        (from_type, from_id, to_type, to_id),
        (to_type, to_id, from_type, from_id),
    ):
        plain, first = TYPE_IDS[a_type, b_type]
        found.append((a_type, a_id, b_type, b_id, plain))
        if primary and first is not None:
            found.append((a_type, a_id, b_type, b_id, first))
    return found


def get_type_name(from_type: str, to_type: str, type_id: int) -> str:
    """Return the name of an association type as lists show it."""
    name = f"{SINGULAR[from_type]}_to_{SINGULAR[to_type]}"
    has_primary = TYPE_IDS[from_type, to_type][1] is not None
    return f"{name}_unlabeled" if has_primary and type_id not in PRIMARY else name


def find_links(
    storage: Storage,
    portal: str,
    from_type: str,
    to_type: str,
    from_ids: list[int],
) -> dict[int, list[Row]]:
    """Return the links of several records, by record, to live records only."""
    rows = storage.all(
        "SELECT l.from_id, l.to_id, l.type_id FROM hubspot_link l"
        " JOIN hubspot_record r ON r.portal = l.portal AND r.type = l.to_type"
        " AND r.id = l.to_id AND r.archived = 0"
        " WHERE l.portal = ? AND l.from_type = ? AND l.to_type = ?"
        " AND l.from_id IN (SELECT value FROM json_each(?))"
        " ORDER BY l.from_id, l.to_id, l.type_id",
        portal,
        from_type,
        to_type,
        json.dumps(from_ids),
    )
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row["from_id"], []).append(row)
    return found

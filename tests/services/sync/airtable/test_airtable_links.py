"""The links of a whole simulated account, as stored, and seen from both their ends."""

import json
import sqlite3

from integrations.models import Item, ItemLink
from integrations.services.items.relations.groups import find_groups

LINKS = "multipleRecordLinks"
SEEN = 40


def told(path, stored):
    """Return every link that the cells of the stored records hold, by its field."""
    links = set()
    with sqlite3.connect(path) as database:
        tables = {
            key: (base, json.loads(shown)["fields"])
            for key, base, shown in database.execute(
                "SELECT id, base, shown FROM airtable_table"
            )
        }
        for remote_id, table, cells in database.execute(
            "SELECT id, table_id, cells FROM airtable_record"
        ):
            base, fields = tables[table]
            values = json.loads(cells)
            for field in fields:
                if field["type"] != LINKS or remote_id not in stored:
                    continue
                target = f"{base}/{field['options']['linkedTableId']}"
                for linked in values.get(field["id"]) or ():
                    links.add((remote_id, field["id"], target, linked))
    return links


def test_all_linked_records_of_an_account_are_stored_and_seen_from_both_ends(
    synced, tmp_path
):
    records = Item.objects.live().filter(type="record")
    stored = set(records.values_list("remote_id", flat=True))

    expected = told(tmp_path / "sandbox.sqlite3", stored)

    assert len(expected) > 200
    rows = ItemLink.objects.values_list(
        "item__remote_id", "relation", "target_collection", "target_remote_id"
    )
    assert set(rows) == expected
    one_end = {(one, other) for one, _, _, other in expected if other in stored}
    linked = {one for one, _ in one_end} | {other for _, other in one_end}
    for item in records.filter(remote_id__in=sorted(linked)[:SEEN]):
        groups = find_groups(item)
        shown = {each.item.remote_id for group in groups for each in group.linked}
        assert shown == {other for one, other in one_end if one == item.remote_id} | {
            one for one, other in one_end if other == item.remote_id
        }

"""The links of a whole simulated account, as stored, and seen from both their ends."""

import json
import sqlite3
from collections import defaultdict

from integrations.models import Item, ItemLink
from integrations.services.items.relations import related
from integrations.services.items.relations.groups import find_groups
from integrations.services.items.relations.traces import Trace

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


def test_all_that_names_an_address_is_in_the_view_of_it(synced, alice, tmp_path):
    holders = defaultdict(set)
    live = set(Item.objects.live().values_list("remote_id", flat=True))
    with sqlite3.connect(tmp_path / "sandbox.sqlite3") as database:
        kinds = {
            field["id"]: field["type"]
            for (shown,) in database.execute("SELECT shown FROM airtable_table")
            for field in json.loads(shown)["fields"]
        }
        for remote_id, cells in database.execute(
            "SELECT id, cells FROM airtable_record"
        ):
            for field, value in json.loads(cells).items():
                for each in addresses(kinds[field], value):
                    if remote_id in live:
                        holders[each.lower()].add(remote_id)
    assert len(holders) > 20

    for address, expected in holders.items():
        trace = Trace.parse(address)
        items, has_more = related.find_all(trace, owner_id=alice.pk, most=5000)
        assert {item.remote_id for item in items} == expected or has_more, address


def addresses(kind, value):
    """Return the addresses in a cell, those of users too."""
    if kind == "email":
        return [value] if "@" in value else []
    if kind in {"singleCollaborator", "multipleCollaborators"}:
        users = value if isinstance(value, list) else [value]
        return [user["email"] for user in users if user.get("email")]
    return []

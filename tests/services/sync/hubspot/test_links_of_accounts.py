"""The links of whole simulated accounts, as stored, and seen from both their ends."""

import sqlite3

from integrations.models import Item, ItemLink
from integrations.services.items.relations.groups import find_groups

LABELS = {33: "Decision maker", 35: "Billing contact", 37: "Decision maker"}
NAMES = {"0-1": "contacts", "0-2": "companies", "0-3": "deals"}


def shown():
    """Return every pair that some item's page shows, named in both directions."""
    names = {i.pk: (i.collection.remote_id, i.remote_id) for i in items()}
    return {
        (names[item.pk], names[each.item.pk])
        for item in items()
        for group in find_groups(item)
        for each in group.linked
    }


def items():
    return list(Item.objects.live().select_related("collection"))


def test_all_associations_of_a_portal_are_shown_on_both_their_sides(
    connection, finish_sync, sandbox, tmp_path
):
    with sqlite3.connect(tmp_path / "sandbox.sqlite3") as database:
        rows = database.execute(
            "SELECT l.from_type, l.from_id, l.to_type, l.to_id FROM hubspot_link l"
            " JOIN hubspot_record a ON (a.portal, a.type, a.id) ="
            " (l.portal, l.from_type, l.from_id) AND NOT a.archived"
            " JOIN hubspot_record b ON (b.portal, b.type, b.id) ="
            " (l.portal, l.to_type, l.to_id) AND NOT b.archived"
            " WHERE l.portal = '555111'"
        ).fetchall()
        primary = database.execute(
            "SELECT from_id, to_id FROM hubspot_link WHERE portal = '555111'"
            " AND type_id IN (1, 5)"
        ).fetchall()
        labelled = database.execute(
            "SELECT l.from_id, l.to_id, l.type_id FROM hubspot_link l"
            " JOIN hubspot_record b ON (b.portal, b.type, b.id) ="
            " (l.portal, l.to_type, l.to_id) AND NOT b.archived"
            " WHERE l.portal = '555111' AND type_id IN (33, 35, 37)"
        ).fetchall()
    assert finish_sync(connection).outcome == "complete"

    expected = {
        ((NAMES[one], str(one_id)), (NAMES[two], str(two_id)))
        for one, one_id, two, two_id in rows
    }
    assert len(expected) > 100
    assert shown() == expected
    live = Item.objects.live().values_list("remote_id", flat=True)
    marked = ItemLink.objects.filter(is_primary=True)
    assert set(marked.values_list("item__remote_id", "target_remote_id")) == {
        (str(one), str(two)) for one, two in primary if str(one) in set(live)
    }
    named = {
        (link.item.remote_id, link.target_remote_id, label)
        for link in ItemLink.objects.exclude(label="").select_related("item")
        for label in link.labels
    }
    assert named == {
        (str(one), str(two), LABELS[kind])
        for one, two, kind in labelled
        if str(one) in set(live)
    }
    assert len({label for _, _, label in named}) == 2

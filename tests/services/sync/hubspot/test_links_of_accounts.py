"""The links of whole simulated accounts, as stored, and seen from both their ends."""

import json
import re
import sqlite3
from collections import defaultdict

from integrations.models import Item, ItemLink
from integrations.services.items.relations import related
from integrations.services.items.relations.groups import find_groups
from integrations.services.items.relations.traces import Trace

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


def test_all_contacts_with_an_address_or_a_number_are_in_the_view_of_it(
    connection, alice, finish_sync, sandbox, tmp_path
):
    assert finish_sync(connection).outcome == "complete"
    contacts = Item.objects.live().filter(type="contact")
    live = set(contacts.values_list("remote_id", flat=True))
    emails, numbers = defaultdict(set), defaultdict(set)
    with sqlite3.connect(tmp_path / "sandbox.sqlite3") as database:
        rows = database.execute(
            "SELECT id, properties FROM hubspot_record WHERE portal = '555111'"
            " AND type = '0-1' AND NOT archived"
        ).fetchall()
    for remote_id, properties in rows:
        if str(remote_id) not in live:
            continue
        values = json.loads(properties)
        more = (values.get("hs_additional_emails") or "").split(";")
        for email in filter(None, [values.get("email"), *more]):
            emails[email.lower()].add(str(remote_id))
        for name in ("phone", "mobilephone"):
            digits = re.sub("[^0-9]", "", values.get(name) or "")
            if len(digits) in range(9, 16):
                numbers[digits[-9:]].add(str(remote_id))
    several = [each for each in emails if each.startswith("second")]
    assert several
    assert len(numbers) > 20

    for found in (emails, numbers):
        for text, expected in [*found.items()][:200] + [
            (e, emails[e]) for e in several
        ]:
            items, has_more = related.find_all(
                Trace.parse(text), owner_id=alice.pk, most=5000
            )
            assert not has_more
            assert expected <= {item.remote_id for item in items}, text

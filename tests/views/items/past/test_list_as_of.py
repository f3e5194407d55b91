"""The list over everything as it was, and what differs between two times."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from tests.support.rows import NOON, make_collection, make_connection

FIELDS = [{"name": "amount", "label": "Amount", "kind": "number"}]
GONE = Deletion(kind=DeletionKind.DELETED)


def at(hours):
    return NOON + timedelta(hours=hours)


def put(collection, hours, **rows):
    """Store items by their ids, each a name with an amount."""
    items = [
        IntegrationItem(
            id=remote_id,
            type=collection.item_type,
            name=name,
            properties={"amount": str(amount)},
        )
        for remote_id, (name, amount) in rows.items()
    ]
    store.store_page(collection, items, run_id=None, now=at(hours))
    collection.refresh_from_db()
    collection.stored_count = collection.items.live().count()
    collection.first_full_refresh_at = at(1)
    collection.save(update_fields=["stored_count", "first_full_refresh_at"])


@pytest.fixture
def everything(alice, connection, time_machine):
    """Return two collections of two providers, in which something happened."""
    time_machine.move_to(at(10), tick=False)
    deals = make_collection(
        connection, remote_id="deals", item_type="deal", schema={"fields": FIELDS}
    )
    other = make_connection(alice, provider="airtable", remote_id="usr1")
    table = make_collection(
        other, remote_id="appB/tblT", item_type="record", schema={"fields": FIELDS}
    )
    put(deals, 0, a=("Ash", 1), b=("Birch", 2))
    put(table, 0, r=("Row", 1))
    put(deals, 2, a=("Ash tree", 10))
    gone = {deals.items.get(remote_id="b").pk: GONE}
    store.soft_delete(deals, gone, run_id=None, now=at(3))
    put(table, 4, s=("Second row", 2))
    return deals, table


def ask(client, start=None, end=None, **told):
    for name, hours in (("at", start), ("until", end)):
        if hours is not None:
            told[name] = at(hours).isoformat()
    page = client.get("/items/as-of/", told)
    assert page.status_code == 200
    return page


def names(page):
    return {row.past.name for row in page.context["rows"]}


def codes(page):
    return set(re.findall(r'data-code="(\w+)"', page.content.decode()))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (1, {"Ash", "Birch", "Row"}),
        (2.5, {"Ash tree", "Birch", "Row"}),
        (3.5, {"Ash tree", "Row"}),
        (9, {"Ash tree", "Row", "Second row"}),
        (-1, set()),
    ],
)
def test_everything_is_shown_as_it_was(as_alice, everything, hours, expected):
    assert names(ask(as_alice, hours)) == expected


def test_what_differs_is_told_of_all_collections(as_alice, everything):
    page = ask(as_alice, 1, 9)

    told = page.context["difference"]
    assert [item.name for item in told.added] == ["Second row"]
    assert [item.name for item in told.removed] == ["Birch"]
    (changed,) = told.changed
    assert changed.fields["name"] == ["Ash", "Ash tree"]
    assert changed.fields["properties.amount"] == ["1", "10"]


def test_what_was_only_found_out_has_not_changed_in_between(as_alice, everything):
    _, table = everything
    told = [{"rel": ["a", "…"]}, {"rel": ["a", "b"]}, {"rel": ["a", "b"], "amount": 2}]
    for hours, properties in enumerate(told, start=5):
        item = IntegrationItem(
            id="t", type="record", name="Told", properties=properties
        )
        store.store_page(table, [item], run_id=None, now=at(hours))

    first = ask(as_alice, 5.5, 6.5, provider="airtable").context["difference"]
    both = ask(as_alice, 5.5, 7.5, provider="airtable").context["difference"]

    assert first.changed == []
    assert [set(each.fields) for each in both.changed] == [{"properties.amount"}]


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({"provider": "airtable"}, {"Row"}),
        ({"type": "deal"}, {"Ash", "Birch"}),
        ({"provider": "airtable", "type": "deal"}, set()),
    ],
)
def test_filters_by_what_items_belong_to_hold_of_the_past(
    as_alice, everything, narrowed, expected
):
    page = ask(as_alice, 1, **narrowed)

    assert names(page) == expected
    assert "left_out" not in codes(page)
    assert len(ask(as_alice, 1, 9, **narrowed).context["difference"].removed) == (
        "Birch" in expected
    )


def test_a_search_is_left_out_and_that_is_said(as_alice, everything):
    page = ask(as_alice, 1, q="ash", state="deleted")

    assert names(page) == {"Ash", "Birch", "Row"}
    assert "left_out" in codes(page)


@pytest.mark.parametrize("few", [0, 500])
def test_pages_lead_through_all_items_once(as_alice, everything, monkeypatch, few):
    deals, table = everything
    put(deals, 5, **{f"d{n:03}": (f"Deal {n}", n) for n in range(60)})
    put(table, 5, **{f"t{n:03}": (f"Row {n}", n) for n in range(60)})
    monkeypatch.setattr("integrations.services.items.past.table_history.FEW", few)
    seen, page = [], ask(as_alice, 9)

    while page.context["next_url"]:
        seen += [row.past.name for row in page.context["rows"]]
        page = as_alice.get(page.context["next_url"])
    seen += [row.past.name for row in page.context["rows"]]

    assert len(seen) == len(set(seen)) == 123


def test_pages_lead_through_all_of_a_difference_once(as_alice, everything, monkeypatch):
    deals, _ = everything
    put(deals, 5, **{f"d{n}": (f"Deal {n}", n) for n in range(5)})
    monkeypatch.setattr("integrations.views.items.past.past_times.PAGE_SIZE", 3)
    seen, page = [], ask(as_alice, 1, 9, provider="hubspot")

    while True:
        told = page.context
        seen.append(
            (
                [item.name for item in told["added"]],
                [item.name for item in told["removed"]],
                [entry["item"].name for entry in told["changed"]],
            )
        )
        if not told["older_url"]:
            break
        assert told["older_url"] in page.text.replace("&amp;", "&")
        page = as_alice.get("/items/as-of/" + told["older_url"])

    assert seen == [
        (["Deal 0", "Deal 1", "Deal 2"], [], []),
        (["Deal 3", "Deal 4"], ["Birch"], []),
        ([], [], ["Ash tree"]),
    ]
    assert page.context["kept"] == [("provider", "hubspot")]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"at": "3000-01-01T00:00"}, "not_past"),
        ({"at": "nonsense"}, "not_past"),
        ({"until": "2020-01-01T00:00"}, "no_start"),
        ({"at": "2026-01-01T00:00", "after": "x:y"}, ""),
        ({"at": "2026-01-01T00:00", "after": "\x00"}, ""),
        ({"at": "2026-01-01T00:00", "collection": "x", "type": "\x00"}, ""),
    ],
)
def test_what_makes_no_sense_is_said_or_does_no_harm(as_alice, everything, told, code):
    page = as_alice.get("/items/as-of/", told)

    assert page.status_code == 200
    assert page.context.get("error", "") == code


def test_nobody_sees_the_past_of_somebody_else(as_bob, everything):
    deals, _ = everything

    for told in ({}, {"collection": str(deals.pk)}, {"after": f"{deals.pk}:"}):
        assert names(ask(as_bob, 1, **told)) == set()
        assert not ask(as_bob, 1, 9, **told).context["difference"].removed


def test_the_list_leads_to_its_past_with_its_filters(as_alice, everything):
    page = as_alice.get("/items/?provider=hubspot").content.decode()

    assert f'href="/items/as-of/?provider={quote("hubspot")}"' in page


def test_the_past_takes_few_questions(
    as_alice, everything, django_assert_max_num_queries
):
    ask(as_alice, 1)

    with django_assert_max_num_queries(12):
        ask(as_alice, 1)
    with django_assert_max_num_queries(14):
        ask(as_alice, 1, 9)


def test_each_item_of_the_past_tells_its_provider_and_connection(as_alice, everything):
    page = ask(as_alice, 5)

    told = re.findall(r'data-label="Connection">(.*?)</td>', page.text, re.DOTALL)
    texts = {" ".join(re.sub(r"<[^>]*>", " ", each).split()) for each in told}
    connections = [each.connection for each in everything]
    assert len(texts) == 2
    for connection in connections:
        assert any(
            connection.provider_name in text and connection.title in text
            for text in texts
        )


def test_each_item_of_the_past_leads_to_its_collection(as_alice, everything):
    page = ask(as_alice, 5)

    cells = re.findall(r'data-label="Collection">(.*?)</td>', page.text, re.DOTALL)
    led = {re.findall(r'href="([^"]*)"', each)[0] for each in cells}
    assert led == {f"/collections/{each.pk}/" for each in everything}

"""A table as it was, and what differs between two times, from stored changes."""

import re
from datetime import timedelta

import pytest
from django.db import connection as database

from integrations.models import Collection, Item
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from tests.support.rows import NOON, make_collection, make_connection

FIELDS = [
    {"name": "amount", "label": "Amount", "kind": "number"},
    {"name": "note", "label": "Note"},
]
GONE = Deletion(kind=DeletionKind.DELETED)
HISTORY = "integrations.services.items.past.table_history"


def at(hours):
    return NOON + timedelta(hours=hours)


def put(deals, hours, **rows):
    """Store rows by their ids, each a name with the amount."""
    items = [
        IntegrationItem(
            id=remote_id, type="deal", name=name, properties={"amount": str(amount)}
        )
        for remote_id, (name, amount) in rows.items()
    ]
    store.store_page(deals, items, run_id=None, now=at(hours))


@pytest.fixture
def deals(connection, time_machine):
    """Return deals of which one was changed twice, one went, and one came."""
    time_machine.move_to(at(10), tick=False)
    made = make_collection(
        connection,
        remote_id="deals",
        name="Deals",
        item_type="deal",
        schema={"fields": FIELDS},
    )
    put(made, 0, a=("Ash", 1), b=("Birch", 2), c=("Cedar", 3))
    made.first_full_refresh_at = at(1)
    made.save(update_fields=["first_full_refresh_at"])
    put(made, 2, a=("Ash", 10))
    put(made, 4, a=("Ash tree", 100))
    gone = {made.items.get(remote_id="b").pk: GONE}
    store.soft_delete(made, gone, run_id=None, now=at(5))
    put(made, 6, d=("Dogwood", 4))
    return made


def ask(client, collection, start, end=None):
    told = {"at": at(start).isoformat()}
    if end is not None:
        told["until"] = at(end).isoformat()
    page = client.get(f"/collections/{collection.pk}/as-of/", told)
    assert page.status_code == 200
    return page


def rows(page):
    return {
        row.item.name: [
            cell.text for column, cell in row.cells if column.id == "amount"
        ]
        for row in page.context["rows"]
    }


def codes(page):
    """Return the codes of what a page says."""
    return set(re.findall(r'data-code="(\w+)"', page.content.decode()))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (1, {"Ash": ["1"], "Birch": ["2"], "Cedar": ["3"]}),
        (3, {"Ash": ["10"], "Birch": ["2"], "Cedar": ["3"]}),
        (4.5, {"Ash tree": ["100"], "Birch": ["2"], "Cedar": ["3"]}),
        (5.5, {"Ash tree": ["100"], "Cedar": ["3"]}),
        (7, {"Ash tree": ["100"], "Cedar": ["3"], "Dogwood": ["4"]}),
    ],
)
def test_a_table_shows_the_rows_and_values_of_a_past_time(
    as_alice, deals, hours, expected
):
    page = ask(as_alice, deals, hours)

    assert rows(page) == expected
    assert not page.context["is_vague"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (1, 9, (["Dogwood"], ["Birch"], {"Ash tree": {"Name", "Amount"}})),
        # The other way round it is the same question.
        (9, 1, (["Dogwood"], ["Birch"], {"Ash tree": {"Name", "Amount"}})),
        (1, 3, ([], [], {"Ash tree": {"Amount"}})),
        (4.5, 5.5, ([], ["Birch"], {})),
        (5.5, 9, (["Dogwood"], [], {})),
        (7, 9, ([], [], {})),
    ],
)
def test_what_differs_between_two_times_is_added_removed_or_changed(
    as_alice, deals, start, end, expected
):
    page = ask(as_alice, deals, start, end)

    added, removed, changed = expected
    assert [item.name for item in page.context["added"]] == added
    assert [item.name for item in page.context["removed"]] == removed
    told = {
        each["item"].name: {field["label"] for field in each["fields"]}
        for each in page.context["changed"]
    }
    assert told == changed


def test_a_row_that_moves_away_while_two_times_are_compared_is_left_out(
    as_alice, deals
):
    other = make_collection(deals.connection, remote_id="old", name="Old deals")

    def move(execute, sql, *args):
        answer = execute(sql, *args)
        if "integrations_itemchange" in sql and "JOIN" in sql:
            Item.objects.filter(remote_id="a").update(collection=other)
        return answer

    with database.execute_wrapper(move):
        page = ask(as_alice, deals, 1, 9)

    assert page.context["changed"] == []
    assert [item.name for item in page.context["removed"]] == ["Birch"]


def test_a_field_is_told_as_it_was_at_the_start_and_at_the_end(as_alice, deals):
    (entry,) = ask(as_alice, deals, 1, 9).context["changed"]

    told = {each["label"]: (each["old"], each["new"]) for each in entry["fields"]}
    assert told == {"Name": ("Ash", "Ash tree"), "Amount": ("1", "100")}


def test_what_changed_and_was_changed_back_does_not_differ(as_alice, deals):
    put(deals, 8, a=("Ash", 1))
    store.store_page(
        deals,
        [
            IntegrationItem(
                id="b", type="deal", name="Birch", properties={"amount": "2"}
            )
        ],
        run_id=None,
        now=at(8),
    )

    context = ask(as_alice, deals, 1, 9).context

    assert (context["removed"], context["changed"]) == ([], [])


@pytest.mark.parametrize("end", [None, 9])
def test_a_time_that_the_history_does_not_reach_is_said(as_alice, deals, end):
    page = ask(as_alice, deals, -3, end)

    assert 'data-code="vague"' in page.content.decode()
    # What was there when the table was first read may have been there for years.
    assert end is None or page.context["difference"].first_read == 2
    assert [item.name for item in page.context.get("added") or ()] in ([], ["Dogwood"])


def test_more_changes_than_are_looked_through_are_said(as_alice, deals, monkeypatch):
    monkeypatch.setattr(
        "integrations.services.items.past.table_history.MOST_LOOKED_AT", 2
    )

    page = ask(as_alice, deals, 1, 9)

    assert 'data-code="partial"' in page.content.decode()


def test_more_changes_of_a_page_than_are_undone_are_said(as_alice, deals, monkeypatch):
    monkeypatch.setattr("integrations.services.items.past.table_history.MOST_UNDONE", 2)

    assert "partial" not in codes(ask(as_alice, deals, 3))
    page = ask(as_alice, deals, 1)

    assert "partial" in codes(page)
    assert rows(page)["Ash"] == ["10"]


def test_rows_that_moved_are_where_they_are_now_and_that_is_said(as_alice, alice):
    connection = make_connection(alice, provider="notion", remote_id="w:u")
    one, two = (
        make_collection(
            connection, remote_id=name, item_type="page", first_full_refresh_at=NOON
        )
        for name in ("one", "two")
    )
    row = IntegrationItem(id="x", type="page", name="Plan")
    store.store_page(one, [row], run_id=None, now=NOON)
    store.store_page(two, [row], run_id=None, now=NOON + timedelta(hours=2))

    left, right = ask(as_alice, one, 1), ask(as_alice, two, 1)

    assert (list(rows(left)), list(rows(right))) == ([], ["Plan"])
    for page in (left, right, ask(as_alice, two, 1, 3)):
        assert "moves" in codes(page)


def put_note(deals, hours, note, **values):
    """Store a row with a note, and other properties."""
    item = IntegrationItem(
        id="a", type="deal", name="Ash", properties={"note": note, **values}
    )
    store.store_page(deals, [item], run_id=None, now=at(hours))


@pytest.mark.parametrize(("last", "differs"), [("same", False), ("z", True)])
def test_long_values_are_compared_by_the_beginnings_that_are_kept(
    as_alice, deals, last, differs
):
    long = "x" * 3000
    put_note(deals, 7, long)
    put_note(deals, 8, "short")
    put_note(deals, 9, long if last == "same" else last)

    page = ask(as_alice, deals, 7.5, 9.5)

    assert "cut" in codes(page)
    assert bool(page.context["changed"]) is differs
    assert {"cut"} == codes(ask(as_alice, deals, 7.5)) - {"moves"}


@pytest.mark.parametrize("end", [None, 9])
def test_more_fields_than_the_history_keeps_are_said(as_alice, deals, end):
    put_note(deals, 7, "", **{f"field{number}": "1" for number in range(300)})
    put_note(deals, 8, "", **{f"field{number}": "2" for number in range(300)})

    assert {"many_fields"} == codes(ask(as_alice, deals, 7.5, end)) - {"moves"}


@pytest.mark.parametrize("end", [None, 9])
def test_a_table_that_was_never_read_in_full_has_no_time_since_when_it_is_known(
    as_alice, deals, end
):
    Collection.objects.update(first_full_refresh_at=None)

    page = ask(as_alice, deals, 1, end)

    assert "unread" in codes(page)
    assert "known from" not in page.content.decode()


def test_a_page_without_rows_names_deleted_ones_among_what_is_left_out(as_alice, deals):
    for item in Item.objects.live():
        store.soft_delete(deals, {item.pk: GONE}, run_id=None, now=at(7))

    page = ask(as_alice, deals, 8)

    assert rows(page) == {}
    assert "or were deleted" in page.content.decode()


@pytest.mark.parametrize("told", ["2999-01-01T00:00", "nonsense", "0001-01-01T00:00"])
@pytest.mark.parametrize("name", ["at", "until"])
def test_what_is_no_past_time_asks_for_one(as_alice, deals, name, told):
    times = {"at": at(1).isoformat(), name: told}

    page = as_alice.get(f"/collections/{deals.pk}/as-of/", times)

    assert codes(page) == {"not_past"}
    assert "difference" not in page.context
    assert "rows" not in page.context


def test_a_second_time_alone_asks_for_the_first(as_alice, deals):
    path = f"/collections/{deals.pk}/as-of/"

    assert "no_start" in codes(as_alice.get(path, {"until": at(1).isoformat()}))


def test_pages_of_a_past_table_cost_a_fixed_number_of_questions(
    as_alice, deals, django_assert_max_num_queries
):
    put(deals, 7, **{f"n{number:03}": (f"Deal {number}", 1) for number in range(120)})
    put(deals, 8, **{f"n{number:03}": (f"Deal {number}", 2) for number in range(120)})

    with django_assert_max_num_queries(12):
        page = ask(as_alice, deals, 7.5)
    found = rows(page)
    while page.context["next_url"]:
        page = as_alice.get(page.context["next_url"])
        found |= rows(page)

    assert len(found) == 123
    assert found["Deal 119"] == ["1"]
    with django_assert_max_num_queries(14):
        assert len(ask(as_alice, deals, 7.5, 9).context["changed"]) == 100

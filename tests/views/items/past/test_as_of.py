"""An item as it was: every field undone to a moment, in the zone of whoever looks."""

from datetime import timedelta

import pytest

from integrations.models.accounts.preferences import preferences_of
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_item

FIELDS = [{"name": "amount", "label": "Amount"}, {"name": "note", "label": "Note"}]


@pytest.fixture
@kept
def deals(connection):
    return make_collection(
        connection, remote_id="deals", item_type="deal", schema={"fields": FIELDS}
    )


def put(deals, hours, name="Deal", **properties):
    item = IntegrationItem(id="1", type="deal", name=name, properties=properties)
    at = NOON + timedelta(hours=hours)
    store.store_page(deals, [item], run_id=None, now=at)
    return deals.items.get()


def ask(client, item, at):
    return client.get(f"/items/{item.uuid}/as-of/", {"at": at})


def fields(page):
    return {row["label"]: row["then"] for row in page.context["rows"]}


def test_every_past_moment_shows_what_was_stored_then(as_alice, deals):
    states = [
        {"amount": "1"},
        {"amount": "2", "note": "new"},
        {"note": "new"},
        {"amount": "2", "note": "x"},
    ]
    for hour, state in enumerate(states):
        item = put(deals, hour, name=f"Deal {hour}", **state)

    for hour, state in enumerate(states):
        at = (NOON + timedelta(hours=hour, minutes=30)).isoformat()
        shown = fields(ask(as_alice, item, at))

        assert shown.pop("Name") == f"Deal {hour}"
        told = {label.lower(): text for label, text in shown.items() if text}
        assert told == state


def test_a_link_of_the_past_is_among_its_fields(as_alice, deals, connection):
    companies = make_collection(connection, remote_id="companies", item_type="company")
    for name in ("Acme", "Bolt"):
        make_item(companies, name=name, remote_id=name)
    put(deals, 0, **{"associations.companies": ["Acme", "Bolt"]})
    item = put(deals, 1, **{"associations.companies": []})

    shown = fields(ask(as_alice, item, (NOON + timedelta(minutes=1)).isoformat()))

    assert "Acme, Bolt" in shown.values()


def test_the_time_is_one_of_whoever_looks(as_alice, alice, deals):
    chosen = preferences_of(alice)
    chosen.user, chosen.time_zone = alice, "Asia/Tokyo"
    chosen.save()
    put(deals, 0, amount="1")
    item = put(deals, 2, amount="2")

    # 22:00 in Tokyo is 13:00 UTC.
    page = ask(as_alice, item, "2026-11-01T22:00")

    assert fields(page)["Amount"] == "1"
    assert page.context["at_text"] == "2026-11-01T22:00"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("2026-11-01T13:00:30Z", "2026-11-01T13:00:30"),
        ("2026-11-01T13:00:30.500001Z", "2026-11-01T13:00:30.500"),
        ("2026-11-01T13:00:00Z", "2026-11-01T13:00"),
    ],
)
def test_the_form_shows_again_the_time_that_was_asked_for(
    as_alice, deals, asked, shown
):
    item = put(deals, 0, amount="1")

    page = ask(as_alice, item, asked)

    assert f'value="{shown}"' in page.content.decode()
    assert 'step="any"' in page.content.decode()


def test_what_was_deleted_or_not_yet_known_is_said(as_alice, deals):
    item = put(deals, 0, amount="1")
    gone = {item.pk: Deletion(kind=DeletionKind.ARCHIVED)}
    store.soft_delete(deals, gone, run_id=None, now=NOON + timedelta(hours=1))
    put(deals, 2, amount="3")

    codes = {"was_deleted": 1.5, "not_seen": -1}
    for code, hours in codes.items():
        at = (NOON + timedelta(hours=hours)).isoformat()
        page = ask(as_alice, item, at).content.decode()

        assert f'data-code="{code}"' in page
    there = ask(as_alice, item, (NOON + timedelta(hours=2)).isoformat())
    assert "data-code" not in there.content.decode().split("<main")[1]


def test_what_is_kept_in_part_is_said_to_be(as_alice, deals):
    put(deals, 0, note="y" * 5000)
    item = put(deals, 1, note="short")

    rows = ask(as_alice, item, NOON.isoformat()).context["rows"]

    assert [row["in_part"] for row in rows if row["label"] == "Note"] == [True]


def test_further_back_than_history_is_kept_is_said_to_be_vague(
    as_alice, deals, settings
):
    item = put(deals, 0, amount="1")
    settings.HISTORY_DAYS = 1

    page = ask(as_alice, item, NOON.isoformat())

    assert page.context["past"].is_vague


def test_one_walks_from_change_to_change(as_alice, deals):
    for hour in range(4):
        item = put(deals, hour, amount=str(hour))

    page = ask(as_alice, item, NOON.isoformat())
    seen = [fields(page)["Amount"]]
    while page.context["later_url"]:
        page = as_alice.get(page.context["later_url"])
        seen.append(fields(page)["Amount"])
    while page.context["earlier_url"]:
        page = as_alice.get(page.context["earlier_url"])
        seen.append(fields(page)["Amount"])

    assert seen == ["0", "1", "2", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    "at",
    [
        *("", "x", "2026-02-31T00:00", "9999-12-31T23:59", "0001-01-01T00:00", "\x00"),
        *("0001-01-01T00:00+05:00", "0001-01-01T00:00-05:00", "9999-12-31T23:59-05:00"),
    ],
)
def test_a_time_that_is_none_or_to_come_is_asked_for_again(as_alice, deals, at):
    item = put(deals, 0, amount="1")

    page = ask(as_alice, item, at)

    assert page.status_code == 200


def test_anothers_item_has_no_past_either(as_bob, deals):
    item = put(deals, 0, amount="1")

    assert ask(as_bob, item, NOON.isoformat()).status_code == 404

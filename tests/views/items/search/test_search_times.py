"""Dates and times are found as the page writes them, in the zone of whoever looks."""

import re

import pytest
from django.test import Client

from integrations.models import Collection, Connection, Item, Preferences
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_item

FIELDS = [
    {"name": "closed", "label": "Closed at", "kind": "datetime"},
    {"name": "day", "label": "Due", "kind": "date"},
]
NEW_YORK = {"time_zone": "America/New_York"}
WRITTEN = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d [\w+-]+")


@pytest.fixture
@kept
def deals(connection: Connection) -> Collection:
    connection.account = {**connection.account, **NEW_YORK}
    connection.save(update_fields=["account"])
    return make_collection(connection, remote_id="deals", schema={"fields": FIELDS})


def look_from(item: Item, zone: str) -> None:
    Preferences.objects.update_or_create(
        user_id=item.owner_id, defaults={"time_zone": zone}
    )


def is_found(client: Client, query: str) -> bool:
    page = client.get("/items/", {"q": query}).content.decode()
    return str(Item.objects.get().get_absolute_url()) in page


@pytest.mark.parametrize(
    "zone", ["", "Europe/Oslo", "Asia/Kathmandu", "America/Santiago", "Asia/Kolkata"]
)
@pytest.mark.parametrize("stored", ["2026-11-02T23:30:00Z", "2026-06-30T10:05:00Z"])
def test_a_time_is_found_as_its_page_writes_it(
    as_alice: Client, deals: Collection, zone: str, stored: str
) -> None:
    item = make_item(deals, name="An odd deal", properties={"closed": stored})
    look_from(item, zone)
    page = as_alice.get(item.get_absolute_url()).content.decode()
    shown = page.split("Closed at")[1].split("</dd>")[0].split(">")[-2]
    (text,) = WRITTEN.findall(shown)

    day, clock = text.split(", ")
    assert is_found(as_alice, text)
    assert is_found(as_alice, day)
    assert is_found(as_alice, f"odd {day}, {clock[:5]}")
    assert not is_found(as_alice, f"{day}, 03:17")
    assert not is_found(as_alice, text.replace("2026", "2025"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("3 Nov 2026", True),
        ("2 Nov 2026, 23:30 UTC", True),
        ("3 November 2026, 00:30", True),
        ("2026-11-03", True),
        ("2026-11-03 00:30", True),
        ("2 Nov 2026, 23:30", False),
        ("3 Nov 2026, 00:31", False),
        ("4 Nov 2026", False),
        ("31 Feb 2026, 10:00", False),
        ("3 Nov 0000, 99:99", False),
        ("0 Nov 9999", False),
    ],
)
def test_a_day_is_that_of_whoever_looks(
    as_alice: Client, deals: Collection, query: str, found: bool
) -> None:
    stored = {"closed": "2026-11-02T23:30:00Z"}
    look_from(make_item(deals, name="An odd deal", properties=stored), "Europe/Oslo")

    assert is_found(as_alice, query) is found


def test_a_day_without_a_time_is_the_same_everywhere(
    as_alice: Client, deals: Collection
) -> None:
    stored = {"day": "2026-11-03"}
    look_from(make_item(deals, name="An odd deal", properties=stored), "Asia/Tokyo")

    for query in ("3 Nov 2026", "2026-11-03", "20261103"):
        assert is_found(as_alice, query)
    assert not is_found(as_alice, "2 Nov 2026")


def test_the_passage_shows_and_marks_the_time_that_was_found(
    as_alice: Client, deals: Collection
) -> None:
    stored = {"closed": "2026-11-02T23:30:00Z"}
    look_from(make_item(deals, name="An odd deal", properties=stored), "Europe/Oslo")

    for query in ("3 Nov 2026, 00:30", "2 Nov 2026, 23:30 UTC"):
        page = as_alice.get("/items/", {"q": query}).content.decode()
        assert "3 Nov 2026, 00:30 CET" in page.replace("<mark>", "").replace(
            "</mark>", ""
        )
        assert "<mark>3 Nov 2026" in page

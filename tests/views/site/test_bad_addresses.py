"""No value of an address is an error of the site, on whatever page and by any name."""

from typing import Any

import pytest
from django.test import Client

from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

VALUES = [
    "a\x00b",
    "x" * 10_000,
    "9" * 400,
    "-1",
    "0001-01-01T00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2026-02-30T00:00+00:00",
    '"',
]
LISTS = """q sort group page size density columns widths match view linked_to relation
    after before filter column operator value until at from since day type field about
    provider connection collection parent state news building seen rows back kind run
    item left_out amount__gt due__last due__between stage__in nothing__is"""
SENT = """label interval plan shown_at collections time_zone theme digest digest_hour
    digest_weekday until action columns name form values rows item where q"""
FIELDS = [
    {"name": "amount", "label": "Amount", "kind": "number"},
    {"name": "due", "label": "Due", "kind": "date"},
    {"name": "stage", "label": "Stage", "kind": "choice", "options": {"new": "New"}},
]
READ = """{table} {table}live/ {table}as-of/ {table}choices/ {table}columns/
    {table}own-columns/ /items/ /items/live/ /items/as-of/ /items/choices/ {item}
    {item}as-of/ {item}live/ {item}next/ /changes/ /everything/ /search/ /charts/
    /charts/live/ /downloads/ /connections/ /connections/live/ {connection}
    {connection}runs/ {connection}refreshes/ {connection}progress/ /views/new/ /
    /live/"""
WRITE = """{table}download/ {table}rows/ {table}columns/ /items/download/ /items/rows/
    {connection}collections/ {connection}interval/ {connection}rename/ /changes/seen/
    /accounts/time-zone/ /following/ /notices/ /theme/"""


@pytest.fixture
@kept
def places(alice: Any) -> dict[str, str]:
    connection = make_connection(alice)
    made = make_collection(
        connection, schema={"fields": FIELDS}, first_full_refresh_at=NOON
    )
    values = {"amount": "5", "due": "2026-11-01", "stage": "new"}
    item = make_item(made, name="Ash", properties=values)
    return {
        "table": f"/collections/{made.pk}/",
        "item": item.get_absolute_url(),
        "connection": connection.get_absolute_url(),
    }


def test_no_page_fails_at_what_its_address_says(
    as_alice: Client, places: dict[str, str], subtests: pytest.Subtests
) -> None:
    names = LISTS.split()

    for value in VALUES:
        with subtests.test(value=value):
            for path in READ.format(**places).split():
                answer = as_alice.get(path, dict.fromkeys(names, value))
                assert answer.status_code in {200, 204, 286, 302, 404}, path


def test_no_action_fails_at_what_it_is_sent(
    as_alice: Client, places: dict[str, str], subtests: pytest.Subtests
) -> None:
    names = SENT.split()

    for value in VALUES:
        with subtests.test(value=value):
            for path in WRITE.format(**places).split():
                answer = as_alice.post(path, dict.fromkeys(names, value))
                assert answer.status_code in {200, 204, 302, 400, 404}, path


def test_what_of_an_address_is_not_used_is_said(
    as_alice: Client, places: dict[str, str], subtests: pytest.Subtests
) -> None:
    for path, query in (
        ("/items/", "provider=hubspot&provider=notion"),
        ("/items/", "sort=name&sort=-name"),
        ("/changes/", "kind=changed&kind=deleted"),
        ("/changes/", f"field={'x' * 1000}"),
        ("{table}", "q=a&q=b"),
        ("{table}", "group=stage&group=due"),
        ("{table}", f"linked_to={'0' * 32}&relation={'x' * 1000}"),
    ):
        with subtests.test(path=path, query=query):
            page = as_alice.get(f"{path.format(**places)}?{query}")

            assert 'data-code="left_out"' in page.text


def test_what_is_said_twice_in_the_same_words_is_used(
    as_alice: Client, places: dict[str, str], subtests: pytest.Subtests
) -> None:
    for path in ("/items/", "/changes/", "{table}"):
        with subtests.test(path=path):
            page = as_alice.get(
                f"{path.format(**places)}?type=contact&type=contact&q=a&q=a"
            )

            assert 'data-code="left_out"' not in page.text

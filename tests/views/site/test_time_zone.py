"""The time zone of an account: chosen once, used wherever a time is shown."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command

from integrations.models import Preferences
from tests.support.rows import make_item

PAGE = "/accounts/time-zone/"
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def choose(client, name):
    return client.post(PAGE, {"time_zone": name})


def test_without_a_script_times_are_in_the_zone_of_the_account(as_alice, collection):
    item = make_item(collection, remote_updated_at=AT, remote_created_at=AT)

    answer = choose(as_alice, "Asia/Tokyo")

    assert answer.status_code == 302
    page = as_alice.get(item.get_absolute_url()).content.decode()
    assert "1 Nov 2026, 21:00 JST" in page
    assert "= 1 Nov 2026, 12:00 UTC" in page
    assert "Times are in Asia/Tokyo" in page


def test_the_zone_of_the_account_is_kept_whatever_the_browser_tells(as_alice):
    as_alice.cookies["tz"] = "America/New_York"
    choose(as_alice, "Asia/Tokyo")

    page = as_alice.get(PAGE).content.decode()

    assert "Times are in Asia/Tokyo" in page
    assert "As my browser (America/New_York)" in page


@pytest.mark.parametrize("told", ["Asia/Tokyo", ""])
def test_nothing_chosen_is_the_zone_of_the_browser(as_alice, told):
    as_alice.cookies["tz"] = told
    choose(as_alice, "Europe/Lisbon")
    choose(as_alice, "")

    page = as_alice.get("/").content.decode()

    assert f"Times are in {told or 'UTC'}" in page


@pytest.mark.parametrize(
    "name", ["Nowhere/Land", "../../etc/passwd", "x" * 500, "\x00"]
)
def test_what_is_no_zone_is_refused(as_alice, name):
    answer = choose(as_alice, name)

    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    assert not Preferences.objects.exists()


def test_a_zone_that_this_machine_does_not_know_breaks_no_page(as_alice, alice):
    Preferences.objects.create(user=alice, time_zone="Moon/Tranquility")

    assert "Times are in UTC" in as_alice.get("/").content.decode()


def test_nobody_elses_zone_changes(as_alice, as_bob, alice, bob):
    choose(as_alice, "Asia/Tokyo")
    choose(as_bob, "Europe/Lisbon")

    zones = dict(Preferences.objects.values_list("user", "time_zone"))
    assert zones == {alice.pk: "Asia/Tokyo", bob.pk: "Europe/Lisbon"}


def test_an_export_for_a_user_is_in_their_zone(as_alice, alice, collection):
    make_item(collection, name="One", remote_updated_at=AT)
    choose(as_alice, "Asia/Tokyo")

    told = {}
    for user in ({"user": alice.email}, {}):
        for form in ("table", "json"):
            output = StringIO()
            call_command("items", format=form, stdout=output, **user)
            told[form, bool(user)] = output.getvalue()

    assert "1 Nov 2026, 21:00 JST" in told["table", True]
    assert "1 Nov 2026, 12:00 UTC" in told["table", False]
    times = {
        own: json.loads(told["json", own])[0]["last_modified_time"]
        for own in (True, False)
    }
    assert times == {
        True: "2026-11-01T21:00:00+09:00",
        False: "2026-11-01T12:00:00+00:00",
    }

"""Times on pages: one format, the viewer's zone, and nothing that is not known."""

import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from integrations.models import Item, ItemChange
from integrations.models.messages.wording import UNKNOWN_TIME
from integrations.templatetags.times import exact_time, when
from tests.support.pages.kept_rows import kept
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_finished_run,
    make_item,
    make_run,
)

# Every text of a time, and every title of one.
EXACT = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}(, \d\d:\d\d \S+)?")
RELATIVE = re.compile(
    r"just now|in a moment|\d+ (minute|hour|day)s? ago|in \d+ (minute|hour|day)s?"
)
TIME = re.compile(r'<time datetime="?([^" >]+)"?(?: title="([^"]+)")?>([^<]+)</time>')
# Of a row in a list of items.
CELL = re.compile(r'<td title="([^"]+)">([^<]+)(?=<)')
SEPTEMBER = datetime(2026, 9, 27, 8, 30, tzinfo=UTC)


def names(page):
    return [item.name for item in page.context["items"]]


@pytest.fixture
@kept
def undated(collection):
    """Make items of which one has no time at all, and that one is the youngest."""
    make_item(collection, name="Old", remote_updated_at=NOON - timedelta(days=9))
    make_item(collection, name="New", remote_created_at=SEPTEMBER)
    make_item(collection, name="None", remote_updated_at=None)
    Item.objects.filter(name="Old").update(remote_created_at=NOON - timedelta(days=99))
    return collection


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-updated", ["New", "Old", "None"]),
        ("updated", ["Old", "New", "None"]),
        ("-created", ["New", "Old", "None"]),
        ("created", ["Old", "New", "None"]),
    ],
)
def test_what_is_unknown_is_last_whichever_way(as_alice, undated, sort, order):
    page = as_alice.get(f"/items/?sort={sort}")

    assert names(page) == order
    row = page.content.decode().split(">None</a>")[1]
    assert re.findall(r"<td>\s*([^<]+?)\s*(?=<)", row) == [
        UNKNOWN_TIME,
        UNKNOWN_TIME,
    ]


def test_home_tells_only_what_is_known_to_have_changed(as_alice, undated):
    page = as_alice.get("/")

    assert [item.name for item in page.context["recent_items"]] == ["New", "Old"]


def test_an_unknown_time_is_exported_as_unknown(as_alice, collection):
    make_item(collection, remote_updated_at=None)
    make_item(collection, remote_updated_at=NOON, is_update_noticed=True)

    pages = [as_alice.get(item.get_absolute_url()) for item in Item.objects.all()]

    raw = [json.loads(page.context["raw"]) for page in pages]
    assert [each["last_modified_time"] for each in raw] == [None, None]


def test_an_edit_that_was_noticed_says_so(as_alice, collection):
    item = make_item(collection, remote_updated_at=NOON, is_update_noticed=True)

    assert re.search(r"noticed\s+<time", as_alice.get("/").content.decode())
    cell = '<td title="1 Nov 2026, 12:00 UTC">noticed '
    assert cell in as_alice.get("/items/").content.decode()
    facts = as_alice.get(item.get_absolute_url()).context["facts"]
    assert "Change noticed" in [row["label"] for row in facts]


@pytest.mark.parametrize(
    ("all_read_at", "kind"),
    [
        (None, "first_read"),
        (NOON, "first_read"),
        (NOON + timedelta(hours=1), "first_read"),
        (NOON - timedelta(hours=1), "new"),
    ],
)
def test_the_history_tells_what_is_new_from_what_was_first_read(
    as_alice, collection, all_read_at, kind
):
    collection.first_full_refresh_at = all_read_at
    collection.save()
    item = make_item(collection, remote_created_at=SEPTEMBER)

    page = as_alice.get(item.get_absolute_url())

    assert [change["kind"] for change in page.context["changes"]] == [kind]


def test_home_does_not_call_the_first_reading_new(as_alice, connection):
    ended = timezone.now() - timedelta(minutes=5)
    run = make_finished_run(
        connection, created=12, first_read=9, changed=2, finished_at=ended
    )

    changes = as_alice.get("/").context["changes"]

    assert changes["first_read"] == 9
    facts = as_alice.get(run.get_absolute_url()).content.decode()
    assert re.search(r"<dt>New</dt>\s*<dd class=\"number\">\s*<a[^>]*>3<", facts)
    assert re.search(r"<dt>First read</dt>\s*<dd class=\"number\">\s*9\s*<", facts)


def test_home_counts_what_running_syncs_have_read_so_far(as_alice, alice):
    now = timezone.now()
    ended = make_connection(alice)
    make_finished_run(ended, first_read=2, finished_at=now - timedelta(minutes=5))
    make_finished_run(ended, first_read=8, finished_at=now - timedelta(days=8))
    for number in (3, 4):
        make_run(make_connection(alice), state="running", first_read=number)

    assert as_alice.get("/").context["changes"]["first_read"] == 2 + 3 + 4


def every_page(client, connection, item, run):
    paths = [
        *("/", "/items/", "/connections/", "/accounts/sessions/"),
        *(each.get_absolute_url() for each in (connection, item, run)),
        reverse("integrations:connection-progress", args=(connection.pk,)),
    ]
    return [client.get(path).content.decode() for path in paths]


@pytest.mark.parametrize(
    ("cookie", "name", "exact"),
    [
        ("", "UTC", "27 Sep 2026, 08:30 UTC"),
        ("Asia/Kathmandu", "Asia/Kathmandu", "27 Sep 2026, 14:15 +0545"),
        ("America/St_Johns", "America/St_Johns", "27 Sep 2026, 06:00 NDT"),
        ("Nowhere/Land", "UTC", "27 Sep 2026, 08:30 UTC"),
        ("Factory%00", "UTC", "27 Sep 2026, 08:30 UTC"),
    ],
)
def test_one_moment_is_written_one_way_on_every_page(
    as_alice, alice, cookie, name, exact
):
    connection = make_connection(alice, created_at=SEPTEMBER, state_since=SEPTEMBER)
    fields = [{"name": "signed", "label": "Signed", "kind": "datetime"}]
    deals = make_collection(connection, schema={"fields": fields})
    item = make_item(
        deals,
        properties={"signed": SEPTEMBER.isoformat()},
        **dict.fromkeys(("remote_created_at", "remote_updated_at"), SEPTEMBER),
        **dict.fromkeys(("first_seen_at", "changed_at"), SEPTEMBER),
    )
    ItemChange.objects.create(item=item, at=SEPTEMBER, kind="changed")
    run = make_finished_run(
        connection, queued_at=SEPTEMBER, started_at=SEPTEMBER, finished_at=SEPTEMBER
    )
    as_alice.cookies["tz"] = cookie

    pages = every_page(as_alice, connection, item, run)

    cells = [cell for page in pages for cell in CELL.findall(page)]
    assert len(cells) >= 2
    for title, text in cells:
        assert {exact, "27 Sep 2026, 08:30 UTC"} == {*title.split(" = ")}
        assert EXACT.fullmatch(text.strip())
    found = [time for page in pages for time in TIME.findall(page)]
    of_then = [time for time in found if time[0].startswith("2026-09-27T08:30")]
    assert len(of_then) > 10
    for stamp, title, text in found:
        assert datetime.fromisoformat(stamp).tzinfo
        assert EXACT.fullmatch(text) or RELATIVE.fullmatch(text)
        assert all(EXACT.fullmatch(each) for each in title.split(" = ") if title)
    for _, title, text in of_then:
        told = {text, *title.split(" = ")} - {"", "27 Sep 2026"}
        assert told == {exact, "27 Sep 2026, 08:30 UTC"}
    assert all("2026-09-27 " not in page for page in pages)
    assert all(f"Times are in {name}." in page for page in pages[:1])


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(seconds=30), "in a moment"),
        (timedelta(minutes=3, seconds=30), "in 3 minutes"),
        (timedelta(days=2, hours=1), "in 2 days"),
        (-timedelta(seconds=30), "just now"),
        (-timedelta(minutes=3, seconds=30), "3 minutes ago"),
    ],
)
def test_what_is_to_come_is_not_said_as_past(ahead, text):
    at = timezone.now() + ahead

    (_stamp, title, shown) = TIME.fullmatch(when(at)).groups()

    assert shown == text
    assert EXACT.fullmatch(title)


@pytest.mark.parametrize("year", [2, 1969, 9998])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin"])
def test_no_time_that_can_be_stored_is_too_odd_to_show(as_alice, alice, year, zone):
    odd = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    fields = [{"name": "signed", "label": "Signed", "kind": "datetime"}]
    deals = make_collection(make_connection(alice), schema={"fields": fields})
    item = make_item(
        deals,
        remote_created_at=odd,
        remote_updated_at=odd,
        properties={"signed": odd.isoformat()},
    )
    as_alice.cookies["tz"] = zone

    for path in ("/", "/items/", "/items/?sort=created", item.get_absolute_url()):
        assert as_alice.get(path).status_code == 200
    assert f"{year:04}-12-31" in exact_time(odd)


@pytest.mark.parametrize(
    "value",
    [
        "253402300799000",
        "-62135596800000",
        "99999999999999999999",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "2026-11-01T10:00:00+99:00",
        "2026-11-01T10:00:00",
        "1901-01-01T00:00:00+00:19:32",
    ],
)
@pytest.mark.parametrize("kind", ["date", "datetime"])
def test_no_time_of_a_provider_breaks_its_page(as_alice, alice, value, kind):
    fields = [{"name": "signed", "label": "Signed", "kind": kind}]
    deals = make_collection(make_connection(alice), schema={"fields": fields})
    item = make_item(deals, properties={"signed": value})
    as_alice.cookies["tz"] = "Pacific/Kiritimati"

    page = as_alice.get(item.get_absolute_url())

    assert page.status_code == 200
    assert page.context["mistake"] == ""


def test_a_notice_by_mail_has_the_time_in_the_one_format():
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        text = render_to_string(
            "account/email/base_notification.txt", {"timestamp": SEPTEMBER}
        )

    assert "When:     27 Sep 2026, 17:30 JST\n" in text

"""A view has an Atom feed by a secret address, which tells what the view shows."""

from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from integrations.http.observability.redaction import redact
from integrations.models import AuditEvent, Collection, Item, ViewFeed
from integrations.models.connection import Connection
from integrations.models.messages.wording import RAW_ROWS
from integrations.providers import CONNECTORS
from integrations.services.connections import sign_in_methods
from integrations.services.items.saved_views import feeds
from integrations.services.items.tables.indexing import indexes
from tests.support.rows import NOON, make_item
from tests.support.sessions import prove
from tests.views.items.tables.test_table import deal
from tests.views.saved_views.test_saved_views import table

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def reader():
    """Return what has no session, as feed readers do not."""
    return Client()


def parse(answer):
    return ET.fromstring(answer.content)  # noqa: S314 (we wrote it)


def make_feed(client, view):
    prove(client)
    page = client.post(f"/views/{view.pk}/feed/", {"action": "make"})
    assert page.status_code == 200
    address = page.context["address"]
    return address[address.index("/feeds/") :]


def entries(answer):
    assert answer.status_code == 200
    return parse(answer).findall(f"{ATOM}entry")


def titles(answer):
    return [each.findtext(f"{ATOM}title") for each in entries(answer)]


def test_a_feed_is_valid_atom_with_the_latest_first(as_alice, reader, deals, keep):
    view = keep(table(deals, "?amount__gt=1000&sort=amount&columns=amount,dealstage"))
    newest = deal(deals, "Newest <&> \x07", "2000", closedate="2026-11-03T10:00:00Z")
    later = NOON + timedelta(days=1)
    Item.objects.filter(pk=newest.pk).update(remote_updated_at=later)

    answer = reader.get(make_feed(as_alice, view))

    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    feed = parse(answer)
    for each in (feed, *feed.findall(f"{ATOM}entry")):
        assert each.findtext(f"{ATOM}id").startswith("urn:uuid:")
        assert each.findtext(f"{ATOM}title")
        assert datetime.fromisoformat(each.findtext(f"{ATOM}updated")).tzinfo
        assert each.find(f"{ATOM}link").get("href").startswith("http")
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"].endswith(answer.request["PATH_INFO"])
    assert titles(answer) == ["Newest <&> \ufffd", "Acme for 12500", "Acme for 3000"]
    first = entries(answer)[0]
    told = "Amount: 2,000 USD<br>Stage: Qualified"
    assert first.findtext(f"{ATOM}summary") == told
    ids = [each.findtext(f"{ATOM}id") for each in entries(answer)]
    assert len(set(ids)) == 3


def test_a_value_is_no_markup_for_a_reader(as_alice, reader, deals, keep):
    view = keep(table(deals, "?q=evil&columns=description"))
    deal(deals, "Evil", description="<script>alert(1)</script>")

    (entry,) = entries(reader.get(make_feed(as_alice, view)))

    told = "Description: &lt;script&gt;alert(1)&lt;/script&gt;"
    assert entry.findtext(f"{ATOM}summary") == told


def test_a_mistake_of_ours_is_said_once_and_changes_no_entry_each_time(
    as_alice, reader, deals, keep, monkeypatch
):
    address = make_feed(as_alice, keep(table(deals, "?columns=amount,dealstage")))

    def fail(*_):
        raise ValueError

    monkeypatch.setattr(type(CONNECTORS[deals.connection.provider]), "describe", fail)

    first, second = (reader.get(address) for _ in range(2))

    assert entries(first)
    assert RAW_ROWS.lower() in (parse(first).findtext(f"{ATOM}subtitle") or "").lower()
    assert [*map(ET.tostring, entries(first))] == [*map(ET.tostring, entries(second))]
    assert b"(reference " not in first.content


def test_a_feed_tells_nothing_that_its_view_does_not_show(
    as_alice, reader, deals, keep
):
    view = keep(table(deals, "?q=acme&columns=dealstage"))
    private = {"description": "Private remark"}
    deal(deals, "Acme again", "76543.25", owner="42", **private)

    text = reader.get(make_feed(as_alice, view)).content.decode()

    assert "Acme again" in text
    for word in ("Private", "76543.2", "76,543", "Dan Day", "alice", "1:1"):
        assert word not in text, word


def test_the_list_over_everything_has_feeds_too(as_alice, reader, deals, keep):
    view = keep("/items/?q=12500")

    assert titles(reader.get(make_feed(as_alice, view))) == ["Acme for 12500"]


def test_the_address_is_shown_once_and_kept_as_a_digest(as_alice, reader, deals, keep):
    view = keep(table(deals))
    address = make_feed(as_alice, view)
    secret = address.split("/")[2]

    page = as_alice.get(f"/views/{view.pk}/edit/")

    assert secret not in page.content.decode()
    feed = ViewFeed.objects.get()
    assert secret not in feed.digest
    facts = AuditEvent.objects.filter(event="feed.made").values_list("facts", flat=True)
    assert secret not in str(list(facts))
    assert secret not in redact(f"Not Found: {address}")


def test_only_who_proves_to_be_its_user_makes_a_feed(as_alice, deals, keep):
    view = keep(table(deals))
    prove(as_alice, seconds_ago=24 * 3600)

    answer = as_alice.post(f"/views/{view.pk}/feed/", {"action": "make"})

    assert answer.status_code == 302
    assert not ViewFeed.objects.exists()


def test_a_password_reset_ends_all_feeds(as_alice, alice, reader, deals, keep):
    address = make_feed(as_alice, keep(table(deals)))

    sign_in_methods.suspend_all(alice)

    assert reader.get(address).status_code == 404


def test_no_text_of_a_feed_steers_its_reader(as_alice, reader, deals, keep):
    deal(deals, "safe\u202egpj.exe\x7f\x9b\u2066", "77")

    [title] = titles(reader.get(make_feed(as_alice, keep(table(deals, "?q=safe")))))

    assert title == "safe\ufffdgpj.exe" + 3 * "\ufffd"


def test_a_new_address_ends_the_former_one_and_none_is_left_in_the_end(
    as_alice, reader, deals, keep
):
    view = keep(table(deals))
    former, latter = make_feed(as_alice, view), make_feed(as_alice, view)

    assert reader.get(former).status_code == 404
    assert reader.get(latter).status_code == 200
    as_alice.post(f"/views/{view.pk}/feed/", {"action": "revoke"})
    assert reader.get(latter).status_code == 404


def test_a_feed_ends_with_its_view_and_its_user(as_alice, alice, reader, deals, keep):
    deleted, kept = keep(table(deals), "One"), keep(table(deals), "Two")
    addresses = [make_feed(as_alice, deleted), make_feed(as_alice, kept)]
    as_alice.post(f"/views/{deleted.pk}/delete/")
    assert reader.get(addresses[0]).status_code == 404

    alice.is_active = False
    alice.save()

    assert reader.get(addresses[1]).status_code == 404


def test_entries_are_bounded(as_alice, reader, deals, keep):
    for number in range(55):
        make_item(deals, name=f"Deal {number}")
    view = keep(table(deals))

    assert len(entries(reader.get(make_feed(as_alice, view)))) == 50


def test_asking_too_often_is_refused_for_a_while(
    as_alice, reader, deals, keep, monkeypatch
):
    monkeypatch.setattr(feeds, "MOST_A_MINUTE", 2)
    address = make_feed(as_alice, keep(table(deals)))

    answers = [reader.get(address) for _ in range(3)]
    guesses = [reader.get(f"/feeds/guess-{number}/") for number in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert [answer.status_code for answer in guesses] == [404, 404, 429]


def test_a_feed_waits_for_the_index_of_its_filters(
    as_alice, reader, deals, keep, monkeypatch
):
    view = keep(table(deals, "?amount__gt=1000"))
    deals.property_indexes.all().delete()
    monkeypatch.setattr(indexes, "SMALL", 1)
    address = make_feed(as_alice, view)

    early = reader.get(address)
    indexes.build(deals.pk)
    late = reader.get(address)

    assert early.status_code == 503
    assert int(early.headers["Retry-After"]) > 0
    assert len(entries(late)) == 2


def test_a_view_that_lost_a_filter_tells_no_more_than_before(
    as_alice, reader, deals, keep
):
    view = keep(table(deals, "?amount__gt=1000"))
    address = make_feed(as_alice, view)
    fields = [f for f in deals.schema["fields"] if f["name"] != "amount"]
    Collection.objects.filter(pk=deals.pk).update(
        schema={**deals.schema, "fields": fields}
    )

    answer = reader.get(address)

    assert entries(answer) == []
    assert b"subtitle" in answer.content


def test_a_removed_account_leaves_an_empty_feed(as_alice, reader, deals, keep):
    address = make_feed(as_alice, keep(table(deals)))
    Connection.objects.all().delete()

    assert entries(reader.get(address)) == []


def test_a_feed_of_a_shared_view_is_its_makers_alone(as_alice, as_bob, deals, keep):
    view = keep(table(deals))
    as_alice.post(f"/views/{view.pk}/edit/", {"name": view.name, "is_shared": "on"})

    assert as_bob.post(f"/views/{view.pk}/feed/").status_code == 404
    assert not ViewFeed.objects.exists()

"""One search over everything, from the header of every page."""

import pytest
from django.urls import reverse

from integrations.services.items.search import full_text, grouped
from tests.support.rows import make_collection, make_connection, make_item

PORTAL = "https://app.hubspot.com/contacts/555111/record"
PAGE_ID = "1f2e3d4c-5b6a-4978-8897-a6b5c4d3e2f1"


@pytest.fixture
def search(as_alice):
    """Return what a search page shows for a text."""

    def do(text):
        return as_alice.get(reverse("integrations:search"), {"q": text})

    return do


@pytest.fixture
def portal(alice):
    """Return collections of contacts and of deals in one portal."""
    connection = make_connection(alice)
    deals = {"remote_id": "deals", "name": "Deals", "item_type": "deal"}
    return make_collection(connection), make_collection(connection, **deals)


def groups(answer):
    return {each["type"]: each for each in answer.context["groups"]}


def names(group):
    return [item.name for item in group["items"]]


def test_results_stand_by_type_with_their_numbers_and_the_best_first(search, portal):
    contacts, deals = portal
    make_item(contacts, name="Ana Bell")
    make_item(contacts, name="Cleo", properties={"company": "Quagga Ltd"})
    make_item(contacts, name="Joe Quagga")
    make_item(deals, name="Quagga")

    answer = search("quagga")

    found = groups(answer)
    assert list(found) == ["deal", "contact"]
    assert names(found["contact"]) == ["Joe Quagga", "Cleo"]
    assert [str(each["count"]) for each in found.values()] == ["1", "2"]
    assert "<mark>Quagga</mark>" in answer.content.decode()


def test_a_group_leads_to_its_whole_list(as_alice, search, portal):
    contacts, _ = portal
    for number in range(7):
        make_item(contacts, name=f"Quagga {number}")

    group = groups(search("quagga"))["contact"]

    assert len(group["items"]) == 5
    listed = as_alice.get(group["url"])
    assert len(listed.context["items"]) == 7 == group["count"].number


def test_a_rare_type_is_found_among_many_of_another(search, portal, monkeypatch):
    monkeypatch.setattr(full_text, "FEW", 4)
    contacts, deals = portal
    make_item(deals, name="Old quagga")
    for number in range(12):
        make_item(contacts, name=f"New quagga {number}")

    found = groups(search("quagga"))

    assert names(found["deal"]) == ["Old quagga"]
    assert len(found["contact"]["items"]) == grouped.MOST_SHOWN
    assert {str(each["count"]) for each in found.values()} == {"1", "12"}


def test_nobody_finds_what_is_anothers(search, bob, portal):
    theirs = make_collection(make_connection(bob))
    item = make_item(theirs, name="Quagga", remote_url=f"{PORTAL}/0-1/512")

    for text in ("quagga", item.remote_id, f"{PORTAL}/0-1/512"):
        answer = search(text)
        assert answer.status_code == 200
        assert not answer.context["groups"]
        assert not answer.context["named"]


def test_the_address_of_a_page_leads_to_its_item(search, portal):
    contacts, deals = portal
    wanted = make_item(deals, remote_id="512", remote_url=f"{PORTAL}/0-3/512")
    make_item(contacts, remote_id="512", remote_url=f"{PORTAL}/0-1/512")

    answer = search(f"{PORTAL}/0-3/512/?source=mail")
    elsewhere = search("https://example.com/record/0-3/512")

    assert answer.status_code == 200
    assert list(answer.context["named"]) == [wanted]
    assert search(f"{PORTAL}/0-3/512").url == wanted.get_absolute_url()
    assert not elsewhere.context["named"]


@pytest.mark.parametrize(
    "address",
    [
        f"https://www.notion.so/team/Plan-{PAGE_ID.replace('-', '')}",
        f"https://app.notion.com/{PAGE_ID}",
    ],
)
def test_an_id_is_known_however_an_address_writes_it(search, portal, address):
    url = f"https://www.notion.so/{PAGE_ID.replace('-', '')}"
    page = make_item(portal[0], remote_id=PAGE_ID, remote_url=url)

    assert search(address).url == page.get_absolute_url()


def test_an_id_that_two_items_have_shows_both(search, portal):
    both = [make_item(each, remote_id="512") for each in portal]

    answer = search("512")

    assert set(answer.context["named"]) == set(both)


@pytest.mark.parametrize(
    "text", ["", "\x00", "?", "http://[", "https://" + "a/" * 5000, "x" * 5000, "-1"]
)
def test_odd_texts_find_nothing_and_break_nothing(search, portal, text):
    answer = search(text)

    assert answer.status_code == 200
    assert not answer.context["groups"]


def test_recent_searches_are_offered_on_every_page_until_forgotten(as_alice, search):
    for text in ("one", "two", "One"):
        search(text)

    assert as_alice.session["recent_searches"] == ["One", "two"]
    home = as_alice.get("/").content.decode()
    assert '<option value="One">' in home

    as_alice.post(reverse("integrations:forget-searches"))

    assert '<option value="One">' not in as_alice.get("/").content.decode()


def test_a_search_takes_a_bounded_number_of_queries(
    search, portal, django_assert_max_num_queries
):
    for each in portal:
        for number in range(6):
            make_item(each, name=f"Quagga {number}", properties={"a": "quagga"})
    search("quagga")

    with django_assert_max_num_queries(22):
        search("quagga")


def test_keys_can_be_switched_off(as_alice):
    page = reverse("integrations:keyboard")
    assert "data-shortcuts" in as_alice.get("/").content.decode()

    answer = as_alice.post(page, {}, follow=True).content.decode()

    assert "Keyboard shortcuts are off." in answer
    assert "data-shortcuts" not in answer
    as_alice.post(page, {"has_shortcuts": "on"})
    assert "data-shortcuts" in as_alice.get("/").content.decode()

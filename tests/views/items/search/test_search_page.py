"""One search over everything, from the header of every page."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection as database
from django.urls import reverse

from integrations.models import Item
from integrations.services.items.lists import counting
from integrations.services.items.search import full_text, related_names
from integrations.services.items.search.everything import grouped
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

PORTAL = "https://app.hubspot.com/contacts/1/record"
PAGE_ID = "1f2e3d4c-5b6a-4978-8897-a6b5c4d3e2f1"


@pytest.fixture
def search(as_alice):
    """Return what a search page shows for a text."""

    def do(text):
        return as_alice.get(reverse("integrations:search"), {"q": text})

    return do


@pytest.fixture
@kept
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


def test_hits_stand_before_what_is_said_about_searches(search, portal, monkeypatch):
    monkeypatch.setattr(related_names, "MOST_WORDS", 0)
    make_item(portal[0], name="Ana Bell")

    html = search("ana").content.decode()

    told = ('id="found-1"', 'data-code="links_not_followed"', 'data-code="search_help"')
    assert [html.index(each) for each in told] == sorted(map(html.index, told))
    assert 'class="notice warn" data-code' not in html


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


@pytest.mark.parametrize(
    ("few", "steps"),
    [(1000, (600, 3000)), (3, (4, 6)), (3, (30, 60)), (3, (1, 1)), (20, (4, 6))],
)
@pytest.mark.parametrize("every", [1, 4])
def test_groups_have_the_order_of_the_list_also_of_what_no_time_is_known(
    as_alice, search, portal, monkeypatch, few, steps, every
):
    for module, name, value in (
        (full_text, "FEW", few),
        (full_text, "STEPS", steps),
        (full_text, "ENOUGH", few),
        (full_text, "MANY", few),
        (counting, "SMALL", 0),
    ):
        monkeypatch.setattr(module, name, value)
    for collection in portal:
        for number in range(24):
            name = f"{'Quagga' if number % every == 0 else 'Zebra'} {number}"
            at = NOON - timedelta(days=number % 7) if number < 12 else None
            make_item(collection, name=name, remote_updated_at=at)

    found = groups(search("quagga"))

    assert set(found) == {"contact", "deal"}
    for group in found.values():
        listed = names(as_alice.get(group["url"]).context)
        assert names(group) == listed[: grouped.MOST_SHOWN]
        assert len(listed) == 24 // every


def test_an_item_of_a_type_that_came_since_is_shown_beside_a_frequent_word(
    search, portal, monkeypatch
):
    monkeypatch.setattr(full_text, "FEW", 3)
    for collection in portal:
        for number in range(9):
            make_item(collection, name=f"A quagga {number}")
    # As where a first sync stores it after the collections were read.
    come = make_item(portal[0], name="Quagga", type="oddity")

    found = groups(search("quagga"))

    assert names(found["oddity"]) == [come.name]


def test_nobody_finds_what_is_anothers(search, bob, portal):
    theirs = make_collection(make_connection(bob))
    item = make_item(theirs, name="Quagga", remote_url=f"{PORTAL}/0-1/512")

    for text in ("quagga", item.remote_id, f"{PORTAL}/0-1/512"):
        answer = search(text)
        assert answer.status_code == 200
        assert not answer.context["groups"]
        assert not answer.context["named"]


def opened(answer):
    """Return the item that an answer leads to."""
    assert answer.status_code == 302, answer.context["named"]
    path = urlsplit(answer.url).path
    return Item.objects.get(uuid=path.split("/")[2])


def test_the_address_of_a_page_leads_to_its_item(search, portal):
    contacts, deals = portal
    wanted = make_item(deals, remote_id="512", remote_url=f"{PORTAL}/0-3/512")
    make_item(contacts, remote_id="512", remote_url=f"{PORTAL}/0-1/512")

    elsewhere = search("https://example.com/record/0-3/512")

    assert opened(search(f"{PORTAL}/0-3/512")) == wanted
    assert not elsewhere.context["named"]


RECORD = "app1234567890ab/tbl1234567890ab/rec1234567890ab"
HEX = PAGE_ID.replace("-", "")


@pytest.mark.parametrize(
    ("provider", "address"),
    [
        ("hubspot", f"{PORTAL}/0-3/512/?source=mail#activity"),
        ("hubspot", f"{PORTAL}/0-3/512/view/1?eschref=%2Fcontacts%2F1%2Fobjects%2F0-3"),
        ("hubspot", "https://app-eu1.hubspot.com/contacts/1/record/0-3/512"),
        ("hubspot", "app-eu1.hubspot.com/contacts/1/record/0-3/512"),
        ("hubspot", "<https://app.hubspot.com/contacts/1/record/0-3/512>."),
        ("hubspot", "HTTPS://APP.HUBSPOT.COM/contacts/1/record/0-3/512"),
        ("hubspot", "http://app.hubspot.com/contacts/1/deal/512/"),
        ("airtable", f"https://airtable.com/{RECORD}?blocks=hide&copyLinkToCell=fld1"),
        (
            "airtable",
            "airtable.com/app1234567890ab/tbl1234567890ab/viw1/rec1234567890ab",
        ),
        ("airtable", f"https://www.airtable.com/{RECORD}/"),
        ("notion", f"https://www.notion.so/team/Plan-{HEX}?pvs=4"),
        ("notion", f"notion.so/team/Plan-{HEX}?v={'b' * 32}&pvs=4#{'c' * 32}"),
        ("notion", f"https://team.notion.site/Plan-{HEX}?source=copy_link"),
        ("notion", f"https://www.notion.com/team/{'d' * 32}?v={'b' * 32}&p={HEX}&pm=s"),
        ("notion", f"notion://www.notion.so/team/Plan-{HEX}"),
        ("notion", f"https://app.notion.com/{PAGE_ID.upper()}"),
    ],
)
def test_an_address_leads_to_its_item_however_it_was_copied(
    search, alice, provider, address
):
    remote_id, url = {
        "hubspot": ("512", f"{PORTAL}/0-3/512"),
        "airtable": ("rec1234567890ab", f"https://airtable.com/{RECORD}"),
        "notion": (PAGE_ID, f"https://www.notion.so/{HEX}"),
    }[provider]
    item_type = {"hubspot": "deal", "airtable": "record", "notion": "page"}[provider]
    made = make_connection(alice, provider=provider, remote_id="x")
    items = make_collection(made, remote_id="deals", item_type=item_type)
    wanted = make_item(items, remote_id=remote_id, remote_url=url)
    make_item(items, remote_id="b" * 32, remote_url=f"https://www.notion.so/{'b' * 32}")

    assert opened(search(address)) == wanted


def test_of_two_accounts_with_one_id_the_address_names_one_or_none(search, alice):
    items = {}
    for account in ("1", "2"):
        made = make_connection(alice, remote_id=account)
        url = f"https://app.hubspot.com/contacts/{account}/record/0-1/512"
        items[account] = make_item(
            make_collection(made), remote_id="512", remote_url=url
        )

    third = search("https://app.hubspot.com/contacts/3/record/0-1/512?x=1")

    assert opened(search(f"{items['2'].remote_url}?x=1")) == items["2"]
    assert third.status_code == 200
    assert search("512").status_code == 200


def test_the_view_of_a_table_leads_to_the_table_and_an_unknown_record_to_a_choice(
    search, alice
):
    made = make_connection(alice, provider="airtable", remote_id="x")
    tables = make_collection(made, remote_id="structure", item_type="table")
    base, table = "https://airtable.com/app1234567890ab", "tbl1234567890ab"
    wanted = make_item(tables, remote_id=table, remote_url=f"{base}/{table}")
    make_item(tables, remote_id="app1234567890ab", remote_url=base)

    unknown = search(f"{base}/{table}/viw1/recUnknown123")

    assert opened(search(f"{base}/{table}/viw1?blocks=hide")) == wanted
    assert list(unknown.context["named"]) == [wanted]


def test_an_id_alone_leads_to_the_one_item_and_back_to_what_else_it_finds(
    as_alice, search, portal
):
    wanted = make_item(portal[0], remote_id="512")
    number = make_item(portal[1], name="Order 512", remote_id="9")
    make_item(portal[1], remote_id="512", deleted_at=NOON, deleted_kind="moved")

    answer = search("512")
    page = as_alice.get(answer.url)
    back = as_alice.get(page.context["back_url"])

    assert opened(answer) == wanted
    assert list(back.context["named"]) == [wanted]
    found = [item for group in back.context["groups"] for item in group["items"]]
    assert number in found


@pytest.mark.parametrize("text", ["appKSQsnfEpkzzpVJ", " appKSQsnfEpkzzpVJ\n"])
def test_an_id_without_a_digit_leads_to_its_item_as_well(search, alice, text):
    made = make_connection(alice, provider="airtable", remote_id="x")
    bases = make_collection(made, remote_id="structure", item_type="base")
    wanted = make_item(bases, remote_id="appKSQsnfEpkzzpVJ")

    assert opened(search(text)) == wanted


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


def test_what_lists_and_tables_are_searched_for_is_remembered_as_well(
    as_alice, collection
):
    as_alice.get("/items/?q=in+lists")
    as_alice.get(f"/collections/{collection.pk}/?q=in+tables")
    as_alice.get("/items/")

    assert as_alice.session["recent_searches"] == ["in tables", "in lists"]


def test_of_a_word_that_is_searched_for_while_it_is_typed_the_whole_is_remembered(
    as_alice, collection
):
    typed = {"HX-Request": "true", "HX-Target": "results"}
    as_alice.get("/items/?q=Bolt")

    for text in ("A", "Ac", "Acme", "Acm", "Acme"):
        as_alice.get("/items/", {"q": text}, headers=typed)

    assert as_alice.session["recent_searches"] == ["Acme", "Bolt"]


@pytest.mark.parametrize("few", [1000, 3])
@pytest.mark.parametrize("text", ["quagga", "quagga 3", "acme", "quagga acme"])
def test_a_search_takes_a_dozen_queries(
    search, portal, monkeypatch, django_assert_max_num_queries, few, text
):
    contacts, deals = portal
    for number in range(12):
        company = {"company": f"Quagga {number}", "associations.contacts": ["1"]}
        make_item(deals, name=f"Acme {number}", properties=company)
        make_item(contacts, name=f"Quagga {number}", parent_remote_id="7")
    make_item(contacts, remote_id="1", name="Quagga Acme")
    for module, name, value in (
        (full_text, "FEW", few),
        (full_text, "STEPS", (4, 6)),
        (full_text, "ENOUGH", few),
        (counting, "SMALL", 0),
        (counting, "SOME", few),
    ):
        monkeypatch.setattr(module, name, value)
    search(text)

    # PostgreSQL is asked as well of which ranks there are very many.
    most = 12 if database.vendor == "sqlite" else 15
    with django_assert_max_num_queries(most):
        assert search(text).context["groups"]


def test_what_a_dialog_shows_of_the_keys_is_asked_for_when_it_opens(as_alice):
    page = reverse("integrations:keyboard")
    whole = as_alice.get(page)
    part = as_alice.get(page, headers={"HX-Target": "shortcuts"})

    assert f'data-from="{page}"' in as_alice.get("/").content.decode()
    assert b"Next and previous row" in part.content
    assert b"Next and previous row" not in as_alice.get("/").content
    assert part.content.strip().startswith(b"<header>")
    assert b"<title>" in whole.content
    assert all("HX-Target" in each.headers["Vary"] for each in (whole, part))


def test_keys_can_be_switched_off(as_alice):
    page = reverse("integrations:keyboard")
    assert "data-shortcuts" in as_alice.get("/").content.decode()

    answer = as_alice.post(page, {}, follow=True).content.decode()

    assert "Keyboard shortcuts are off." in answer
    assert "data-shortcuts" not in answer
    as_alice.post(page, {"has_shortcuts": "on"})
    assert "data-shortcuts" in as_alice.get("/").content.decode()

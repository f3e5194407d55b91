"""What the filters of the items list offer: sorted, narrowed, counted, told apart."""

import pytest

from integrations.models import Collection
from integrations.views.items.filters import MOST_OFFERED
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection, make_items


@pytest.fixture
@kept
def two_portals(alice):
    """Return two portals of one name, and their contacts."""
    portals = [
        make_connection(
            alice,
            account_name="Lantern & Reed",
            remote_id=f"{hub}:7",
            account={"hub_id": hub, "user_email": "ana@lantern.example"},
        )
        for hub in ("555", "777")
    ]
    return [
        fill(make_collection(portal, name="Contacts"), number)
        for portal, number in zip(portals, (3, 2), strict=True)
    ]


def fill(collection, number):
    make_items(collection, [{"name": f"{collection.pk} {n}"} for n in range(number)])
    Collection.objects.filter(pk=collection.pk).update(stored_count=number)
    collection.refresh_from_db()
    return collection


def offered(page, name):
    return next(f for f in page.context["filters"] if f["name"] == name)


def labels(page, name):
    return [
        choice.text
        for group in offered(page, name)["groups"]
        for choice in group.choices
    ]


def test_two_accounts_of_one_name_are_told_apart(as_alice, two_portals):
    page = as_alice.get("/items/")

    assert labels(page, "connection") == [
        "Any",
        "HubSpot: Lantern & Reed, 555 (3)",
        "HubSpot: Lantern & Reed, 777 (2)",
    ]
    shown = {item.connection.title for item in page.context["items"]}
    assert shown == {"Lantern & Reed"}
    body = page.content.decode()
    assert "Lantern &amp; Reed, 555</bdi><td " in body
    assert "Lantern &amp; Reed, 777</bdi><td " in body


def test_collections_of_one_name_stand_under_their_connection(as_alice, two_portals):
    page = as_alice.get("/items/")

    groups = offered(page, "collection")["groups"]
    assert [(g.label, [c.text for c in g.choices]) for g in groups] == [
        ("", ["Any"]),
        ("HubSpot: Lantern & Reed, 555", ["Contacts (3)"]),
        ("HubSpot: Lantern & Reed, 777", ["Contacts (2)"]),
    ]
    assert page.content.decode().count("<optgroup") == 2


def test_choices_are_sorted_and_narrowed_by_the_other_filters(as_alice, alice):
    portal = make_connection(alice, account_name="Acme", remote_id="1:1")
    bases = make_connection(
        alice, provider="airtable", account_name="Zed", remote_id="usr1"
    )
    fill(make_collection(portal, name="contacts"), 2)
    fill(make_collection(portal, name="Deals", remote_id="d", item_type="deal"), 1)
    fill(make_collection(bases, name="Books", remote_id="t", item_type="record"), 4)

    both = as_alice.get("/items/")
    one = as_alice.get(f"/items/?connection={bases.pk}")
    deals = as_alice.get("/items/?type=deal")

    assert labels(both, "collection") == [
        "Any",
        "Books (4)",
        "contacts (2)",
        "Deals (1)",
    ]
    offers = {f["name"] for f in one.context["filters"]}
    assert offers == {"connection", "state"}
    assert labels(one, "connection") == labels(both, "connection")
    assert labels(deals, "type") == labels(both, "type")


def test_what_is_chosen_is_offered_though_the_others_leave_nothing(as_alice, alice):
    portal = make_connection(alice, account_name="Acme", remote_id="1:1")
    bases = make_connection(alice, provider="airtable", account_name="Zed")
    contacts = fill(make_collection(portal, name="Contacts"), 2)

    page = as_alice.get(f"/items/?connection={bases.pk}&collection={contacts.pk}")

    chosen = {c["label"]: c["value"] for c in page.context["chips"]}
    assert chosen == {"Connection": "Airtable: Zed", "Collection": "Contacts"}


def test_a_search_has_no_counts_at_its_choices(as_alice, two_portals):
    page = as_alice.get("/items/?q=1")

    assert labels(page, "collection") == ["Any", "Contacts", "Contacts"]


def test_the_choices_that_do_not_fit_are_announced(as_alice, alice):
    bases = make_connection(alice, provider="airtable", account_name="Zed")
    for number in range(205):
        fill(make_collection(bases, remote_id=f"t{number}", name=f"T{number:03}"), 1)

    page = as_alice.get("/items/")

    last = offered(page, "collection")["groups"][-1].choices[-1]
    assert last.text == "… and 5 more"
    assert last.disabled


def test_what_nobody_reads_and_is_empty_is_not_offered(as_alice, alice):
    portal = make_connection(alice, account_name="Acme", remote_id="1:1")
    fill(make_collection(portal, name="Contacts"), 2)
    make_collection(portal, name="Deals", remote_id="d", is_selected=False)

    page = as_alice.get("/items/")

    assert "collection" not in {f["name"] for f in page.context["filters"]}


@pytest.fixture
@kept
def many(alice):
    """Return a base of more tables than a list offers at once, the last one found."""
    bases = make_connection(alice, provider="airtable", account_name="Zed")
    return [
        fill(make_collection(bases, remote_id=f"t{n}", name=f"Quay & tide {n:02}"), 1)
        for n in range(MOST_OFFERED + 1)
    ]


def test_more_choices_than_a_page_has_room_for_are_a_link_with_the_chosen_one(
    as_alice, many
):
    page = as_alice.get(f"/items/?q=1&collection={many[3].pk}&sort=name&size=25")

    url = offered(page, "collection")["choices_url"]
    assert url == (
        f"/items/choices/?q=1&collection={many[3].pk}&sort=name&size=25&of=collection"
    )
    html = page.content.decode()
    href = url.replace("&", "&amp;")
    assert f'href="{href}"' in html
    assert f'hx-get="{href}"' in html
    assert "<bdi>Quay &amp; tide 03</bdi><svg" in html
    assert f'<input type="hidden" name="collection" value="{many[3].pk}">' in html
    assert "Quay &amp; tide 04\n" not in html
    assert page.context["chips"][1]["value"] == "Quay & tide 03"
    assert "<bdi>Any</bdi><svg" in as_alice.get("/items/").content.decode()


def test_all_choices_are_on_a_page_of_their_own_that_leads_back(as_alice, many):
    path = f"/items/choices/?q=1&collection={many[3].pk}&sort=name&of=collection"

    html = as_alice.get(path).content.decode()

    assert html.count("<option value") == len(many) + 1 + 3  # the themes of the frame
    assert f'<option value="{many[3].pk}" selected>Quay &amp; tide 03' in html
    assert 'action="/items/"' in html
    assert '<input type="hidden" name="q" value="1">' in html
    assert '<input type="hidden" name="sort" value="name">' in html
    assert 'type="hidden" name="collection"' not in html
    assert html.count("autofocus") == 1


def test_in_the_page_the_choices_take_the_place_of_their_link(as_alice, many):
    as_alice.post("/views/new/", {"back": "/items/", "name": "Mine"})

    part = as_alice.get("/items/choices/?of=collection", headers={"HX-Request": "true"})

    html = part.content.decode()
    assert html.strip().startswith('<div class="field">')
    assert html.count("<option value") == len(many) + 1
    assert "<select" in html
    assert "autofocus" in html
    assert "data-code" not in html
    assert "HX-Request" in part.headers["Vary"]


@pytest.mark.parametrize("name", ["provider", "nothing", ""])
def test_what_has_nothing_to_choose_leads_back_to_the_list(as_alice, many, name):
    path = f"/items/choices/?q=1&of={name}"

    page = as_alice.get(path)
    part = as_alice.get(path, headers={"HX-Request": "true"})

    assert page.url == "/items/?q=1"
    assert part.status_code == 204
    assert part.headers["HX-Redirect"] == "/items/?q=1"
    assert all("HX-Request" in each.headers["Vary"] for each in (page, part))


def test_nobody_is_offered_what_is_of_somebody_else(as_bob, many):
    assert as_bob.get("/items/choices/?of=collection").url == "/items/"

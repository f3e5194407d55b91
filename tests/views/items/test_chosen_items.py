"""Chosen rows of the list over everything, and of what a search found."""

import pytest

from integrations.models import Download, Item
from integrations.providers import CONNECTORS
from integrations.views.items.choosing import addresses
from integrations.views.items.choosing.choice import write_shown
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item
from tests.support.workbooks import body_of, rows_of

EMAIL = {"name": "email", "label": "E-mail", "kind": "email"}
MAIL = {"name": "fld1", "label": "Mail", "kind": "email"}


@pytest.fixture
@kept
def people(alice):
    """Return two collections of two providers, with three rows that hold "Quagga"."""
    contacts = make_collection(make_connection(alice), schema={"fields": [EMAIL]})
    table = make_collection(
        make_connection(alice, provider="airtable"),
        remote_id="tbl1",
        item_type="record",
        schema={"fields": [MAIL], "formats": {"fld1": {"type": "email"}}},
    )
    for name, held, field in (
        ("Quagga A", contacts, "email"),
        ("Quagga B", table, "fld1"),
        ("Quagga C", contacts, "email"),
        ("Other", table, "fld1"),
    ):
        make_item(
            held,
            name=name,
            type=held.item_type,
            remote_url=f"https://app.example.com/{name[-1]}",
            remote_updated_at=NOON,
            properties={field: f"{name[-1].lower()}@example.com"},
        )
    return contacts, table


@pytest.fixture
def send(as_alice, people):
    """Return what sends the form around the list to one of its addresses."""

    def do(page, names=(), client=as_alice, **fields):
        keys = Item.objects.filter(name__in=names).order_by("-name")
        sent = {"item": [str(key) for key in keys.values_list("uuid", flat=True)]}
        return client.post(f"/items/{page}/", {**sent, "rows": "ticked", **fields})

    return do


def names_in(answer, form="csv"):
    heads, *rows = rows_of(body_of(answer), form)
    name = heads.index("Name" if "Name" in heads else "name")
    return [row[name] for row in rows]


@pytest.mark.parametrize("form", ["csv", "csv-utf8", "xlsx"])
def test_ticked_items_of_several_collections_are_a_file_in_the_lists_order(send, form):
    names = ["Quagga C", "Other", "Quagga A"]

    answer = send("download", names, form=form, values="shown", sort="name")

    assert names_in(answer, form) == ["Other", "Quagga A", "Quagga C"]


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_ticked_items_are_objects_for_programs(send, form):
    answer = send("download", ["Quagga B"], form=form, values="raw")

    (row,) = rows_of(body_of(answer), form)
    assert "b@example.com" in str(row)


def test_rows_ticked_in_a_search_keep_the_order_in_which_it_showed_them(send):
    answer = send(
        "download", ["Quagga A", "Quagga C"], q="quagga", form="csv", values="raw"
    )

    assert names_in(answer) == ["Quagga C", "Quagga A"]


def test_all_that_match_are_those_of_every_page_and_this_page_what_it_showed(send):
    found = {"q": "quagga", "sort": "name", "form": "csv", "values": "shown"}
    shown = Item.objects.get(name="Quagga B")

    everything = send("download", rows="all", **found)
    page = send("download", rows="page", shown=write_shown([shown]), **found)

    assert names_in(everything) == ["Quagga A", "Quagga B", "Quagga C"]
    assert names_in(page) == ["Quagga B"]


@pytest.mark.parametrize(
    "write",
    [
        lambda items: ",".join(str(item.uuid) for item in items),
        lambda items: write_shown(items)[4:],
    ],
)
def test_rows_of_a_page_that_are_told_otherwise_are_no_others(
    send, codes, as_alice, write
):
    shown = write(Item.objects.all())

    answer = send("download", rows="page", shown=shown, form="csv", values="raw")

    assert answer.status_code == 302
    assert "no_rows" in " ".join(codes(as_alice.get(answer.url)))


def test_a_ticked_item_stays_chosen_though_a_filter_lost_it(send):
    Item.objects.filter(name="Other").update(name="Another", sort_name="another")

    answer = send("download", ["Another"], q="other", form="csv", values="raw")

    assert names_in(answer) == ["Another"]


def test_ticked_items_never_wait_for_a_worker(send, settings):
    settings.DOWNLOAD_ROWS_AT_ONCE = 1
    names, form = ["Other", "Quagga A"], {"form": "csv", "values": "raw"}

    assert len(names_in(send("download", names, **form))) == 2
    assert not Download.objects.exists()
    assert send("download", rows="all", **form).url.startswith("/downloads/")


def test_addresses_and_pages_of_several_providers_are_listed(send):
    page = send("rows", rows="all", q="quagga", sort="name")

    assert page.context["emails"] == [f"{each}@example.com" for each in "abc"]
    assert [each["name"] for each in page.context["links"]] == [
        f"Quagga {each}" for each in "ABC"
    ]
    assert page.context["place"].url == "/items/?q=quagga&sort=name"
    content = page.content.decode()
    assert "<bdi>Quagga A</bdi>" in content
    assert content.count("<bdi>Items</bdi>") == 2


def test_addresses_that_a_mistake_of_ours_keeps_away_are_said_to_be(send, monkeypatch):
    def fail(*_):
        raise ValueError

    asked = {"rows": "all", "q": "quagga"}
    assert 'data-code="connector_error"' not in send("rows", **asked).content.decode()
    monkeypatch.setattr(type(CONNECTORS["airtable"]), "describe", fail)

    page = send("rows", **asked)

    assert page.content.decode().count('data-code="connector_error"') == 1


@pytest.mark.parametrize("words", ["", "quagga"])
def test_of_many_items_every_address_is_there_in_parts(send, monkeypatch, words):
    told = {"rows": "all", "q": words, "sort": "-name"}
    every = send("rows", **told).context["emails"]
    monkeypatch.setattr(addresses, "MOST_ROWS", 1)
    found, parts = [], 0

    while told:
        page = send("rows", **told)
        assert 'data-code="in_parts"' in page.content.decode()
        found += page.context["emails"]
        fields = page.context["place"].next_fields
        told, parts = {**fields, "rows": "all"} if fields else {}, parts + 1

    assert (found, parts) == (every, len(every))


@pytest.mark.parametrize("page", ["rows", "download"])
def test_nothing_chosen_leads_back_and_says_so(send, codes, as_alice, page):
    form = {"form": "csv", "values": "raw"}

    of_list = send(page, q="quagga", **form)
    of_search = send(page, q="quagga", where="search", **form)

    assert of_list.url == "/items/?q=quagga"
    assert of_search.url == "/search/?q=quagga"
    assert "no_rows" in " ".join(codes(as_alice.get(of_list.url)))


@pytest.mark.parametrize("page", ["rows", "download"])
def test_all_rows_of_a_list_that_lacks_a_filter_are_refused(
    send, codes, as_alice, page
):
    sent = {"provider": "nobody", "form": "csv", "values": "raw"}

    answer = send(page, rows="all", **sent)

    assert answer.status_code == 302
    assert "left_out" in " ".join(codes(as_alice.get(answer.url)))
    assert send(page, ["Other"], **sent).status_code == 200


def test_nobody_chooses_the_items_of_another_user(send, as_bob):
    for page in ("rows", "download"):
        answer = send(page, ["Other"], client=as_bob, form="csv", values="raw")

        content = b"".join(answer) if answer.streaming else answer.content
        assert b"Other" not in content
        assert b"r@example.com" not in content


def test_deleted_items_can_be_chosen_where_they_are_shown(send, as_alice):
    Item.objects.filter(name="Other").update(deleted_at=NOON)

    answer = send("download", ["Other"], state="deleted", form="csv", values="raw")

    assert names_in(answer) == ["Other"]


def test_the_list_and_the_search_offer_their_rows_but_no_edit_of_several_types(
    as_alice, people
):
    for address in ("/items/?q=quagga", "/search/?q=quagga"):
        page = as_alice.get(address).content.decode()

        assert page.count("name=item") == 3
        assert 'action="/items/rows/"' in page
        assert 'formaction="/items/download/"' in page
        assert "bulk-edit" not in page


def test_a_search_that_finds_nothing_offers_nothing_to_choose(as_alice, people):
    page = as_alice.get("/search/?q=nothing").content.decode()

    assert 'id="chosen"' not in page


def test_whoever_comes_back_without_a_choice_gets_the_list(as_alice):
    assert as_alice.get("/items/rows/").url == "/items/"

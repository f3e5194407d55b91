"""The forms that pages render: none of them takes more rows than were asked for."""

import re
from html.parser import HTMLParser
from itertools import product

import pytest

from integrations.models import BulkEdit, Item, SavedView
from integrations.services.items.lists.query import MAX_SEARCH
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]
FIELDS = [
    {"name": "email", "label": "E-mail", "kind": "email"},
    {"name": "city", "label": "City"},
]
LONG = " ".join(["quagga"] * MAX_SEARCH)


class Forms(HTMLParser):
    """The forms of a page: where each leads, what it sends, which rows it offers."""

    def __init__(self, page):
        super().__init__()
        self.paths, self.fields, self.scopes = [], [], []
        self.offers_rows = False
        self.feed(page.content.decode())

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag == "form":
            self.paths.append([told.get("action", "")])
            self.fields.append({})
        if "formaction" in told:
            self.paths[-1].append(told["formaction"])
        if told.get("type") == "hidden" and "form" not in told:
            self.fields[-1][told["name"]] = told["value"]
        if tag == "select":
            self.offers_rows = told["name"] == "rows"
        if tag == "option" and self.offers_rows:
            self.scopes.append(told["value"])

    def those_of(self, *names):
        """Yield each address below which rows are taken, with what is sent there."""
        for paths, fields in zip(self.paths, self.fields, strict=True):
            for path in paths:
                if any(name in path for name in names):
                    yield path, fields


@pytest.fixture
@kept
def contacts(alice):
    connection = make_connection(alice, granted_scopes=SCOPES, is_editing=True)
    made = make_collection(
        connection, schema={"fields": FIELDS, "lookups": {}}, first_full_refresh_at=NOON
    )
    for name in ("Quagga A", "Quagga B"):
        make_item(made, name=name, remote_updated_at=NOON, properties={"city": "Bonn"})
    made.refresh_from_db()
    return made


@pytest.fixture
@kept
def lost_view(alice, contacts):
    return SavedView.objects.create(
        owner=alice, name="Old", parameters=[["provider", "nobody"]]
    )


@pytest.fixture(params=["odd", "view", "search", "moved on", "table", "first one"])
def address(request, contacts, lost_view):
    """Return the address of a page that lacks a filter of its own or of its view."""
    return {
        "odd": "/items/?provider=nobody&q=quagga",
        "view": f"/items/?view={lost_view.pk}",
        "search": f"/search/?q={LONG}",
        "moved on": f"/items/?q={LONG}&sort=name",
        "table": f"/collections/{contacts.pk}/?gone__is=1&q=quagga",
        "first one": f"/collections/{contacts.pk}/?city__odd=1",
    }[request.param]


@pytest.mark.parametrize("address", ["/items/", "/search/?q=quagga", "table"])
def test_each_box_names_its_row_by_its_place_on_the_page(as_alice, contacts, address):
    path = f"/collections/{contacts.pk}/"
    page = as_alice.get(path if address == "table" else address)
    html = page.content.decode()
    box = r'value=(\d) autocomplete=off aria-labelledby="c r\1">'
    row = box + r'.*?id=r\1 href="?/items/([^/]+)/'
    boxes = re.findall(row, html)
    taking = next(f for p, f in Forms(page).those_of("/download/") if "shown" in f)

    assert [place for place, _ in boxes] == ["0", "1"]
    for place, key in boxes:
        chosen = {"rows": "ticked", "item": place}
        sent = {**taking, **chosen, "form": "csv", "values": "raw"}
        where = path if address == "table" else "/items/"
        answer = as_alice.post(f"{where}download/", sent)
        told = b"".join(answer.streaming_content).decode()
        other = {"Quagga A", "Quagga B"} - {Item.objects.get(uuid=key).name}
        assert Item.objects.get(uuid=key).name in told
        assert other.pop() not in told


def test_a_place_that_the_page_did_not_have_is_no_row(as_alice, contacts, subtests):
    for shown, item in product(
        ("", "x", "%%%", "é", "QUJD"), ("0", "7", "-1", "²", "9" * 5000, "x")
    ):
        with subtests.test(shown=shown, item=item):
            for rows in ("ticked", "page"):
                sent = {"shown": shown, "item": item, "rows": rows}
                answer = as_alice.post("/items/rows/", sent, follow=True)

                told = [message.extra_tags for message in answer.context["messages"]]
                assert told == ["no_rows"]


TAKING = ("/rows/", "/download/", "/bulk-edit")


def test_all_rows_are_neither_offered_nor_taken_of_a_page_that_lacks_a_filter(
    as_alice, codes, address
):
    page = as_alice.get(address)
    forms = Forms(page)
    taking = list(forms.those_of(*TAKING))

    assert "Quagga A" in re.sub("</?mark>", "", page.content.decode())
    assert forms.scopes == ["ticked", "page"]
    assert len(taking) == (3 if "collections" in address else 2)
    for path, fields in taking:
        sent = {**fields, "rows": "all", "form": "csv", "values": "raw"}
        answer = as_alice.post(path, sent)
        assert answer.status_code == 302
        assert "left_out" in " ".join(codes(as_alice.get(answer.url)))
    assert not BulkEdit.objects.exists()


def test_rows_that_are_named_can_be_taken_of_it(as_alice, address):
    for path, fields in Forms(as_alice.get(address)).those_of(*TAKING):
        key = str(Item.objects.get(name="Quagga A").uuid)
        sent = {**fields, "rows": "ticked", "item": [key], "form": "csv"}

        answer = as_alice.post(path, {**sent, "values": "raw"})

        assert answer.status_code == 200 or "/bulk-edits/" in answer.url


@pytest.mark.parametrize(
    "query", ["provider=nobody&size=25", "provider=nobody&size=25&sort=name"]
)
def test_what_leads_on_from_it_lacks_the_filter_as_well(as_alice, contacts, query):
    for number in range(30):
        make_item(contacts, name=f"More {number}", remote_updated_at=NOON)

    first = as_alice.get(f"/items/?{query}")
    second = as_alice.get(first.context["next_url"])
    table = as_alice.get(f"/collections/{contacts.pk}/?gone__is=1&size=25")
    later = as_alice.get(table.context["next_url"])

    for page in (second, later):
        assert Forms(page).scopes == ["ticked", "page"]
        assert page.context["left_out"]
        whole = as_alice.get(page.context["whole_url"])
        assert Forms(whole).scopes == ["ticked", "page", "all"]


def test_a_list_that_fills_while_it_is_open_lacks_the_filter_still(as_alice, contacts):
    rows = Item.objects.filter(collection=contacts)
    keys = list(rows.values_list("pk", flat=True))
    rows.update(deleted_at=NOON)
    page = as_alice.get("/items/?provider=nobody")
    Item.objects.filter(pk__in=keys).update(deleted_at=None)

    update = as_alice.get(page.context["live_url"])

    assert Forms(update).scopes == ["ticked", "page"]


def test_a_page_that_lacks_nothing_offers_all_and_its_file(as_alice, contacts):
    for address in ("/items/?q=quagga", f"/collections/{contacts.pk}/?city__is=Bonn"):
        forms = Forms(as_alice.get(address))

        assert forms.scopes == ["ticked", "page", "all"]
        assert len(list(forms.those_of("/download/"))) == 2

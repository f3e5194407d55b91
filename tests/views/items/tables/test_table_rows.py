"""Chosen rows of a table as a file, as addresses to copy, as pages to open."""

import pytest

from integrations.models import Download, Item
from integrations.services.items.tables.indexing import indexes
from integrations.views.items.choosing import addresses
from integrations.views.items.choosing.choice import write_shown
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_item
from tests.support.workbooks import body_of, rows_of

FIELDS = [
    {"name": "email", "label": "E-mail", "kind": "email"},
    {"name": "work", "label": "Work e-mail", "kind": "email"},
    {"name": "amount", "label": "Amount", "kind": "number"},
]


@pytest.fixture
@kept
def people(connection):
    made = make_collection(connection, schema={"fields": FIELDS})
    for number in range(5):
        make_item(
            made,
            name=f"Ada {number}",
            remote_url=f"https://app.example.com/{number}",
            properties={"email": f"ada{number}@example.com", "amount": number},
        )
    return made


@pytest.fixture
def send(as_alice, people):
    """Return what sends the form around the table to one of its addresses."""

    def do(page, names=(), query="?sort=-item.name", **fields):
        keys = Item.objects.filter(name__in=names).values_list("uuid", flat=True)
        sent = {"item": list(map(str, keys)), "rows": "ticked", **fields}
        return as_alice.post(f"/collections/{people.pk}/{page}/{query}", sent)

    return do


def names_in(answer, form="csv"):
    return [row[0] for row in rows_of(body_of(answer), form)[1:]]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_ticked_rows_are_a_file_in_the_order_of_the_table(send, form):
    answer = send("download", ["Ada 1", "Ada 3", "Ada 0"], form=form)

    assert names_in(answer, form) == ["Ada 3", "Ada 1", "Ada 0"]


def test_all_rows_are_those_of_the_filters_on_every_page(send):
    query = "?sort=item.name&item.name__not=Ada+2&size=25"

    answer = send("download", query=query, rows="all", form="csv")

    assert names_in(answer) == ["Ada 0", "Ada 1", "Ada 3", "Ada 4"]


def test_the_rows_of_a_page_are_those_that_it_showed(send):
    shown = Item.objects.filter(name__in=["Ada 4", "Ada 1"])
    told = write_shown(shown)

    assert names_in(send("download", rows="page", shown=told, form="csv")) == [
        *("Ada 4", "Ada 1"),
    ]


def test_a_ticked_row_stays_chosen_though_a_filter_lost_it(send):
    Item.objects.filter(name="Ada 1").update(properties={"amount": 99})

    answer = send("download", ["Ada 1"], query="?amount__lt=50", form="csv")

    assert names_in(answer) == ["Ada 1"]


def test_ticked_rows_never_wait_for_a_worker(send, settings):
    settings.DOWNLOAD_ROWS_AT_ONCE = 1

    assert names_in(send("download", ["Ada 1", "Ada 2"], form="csv"))
    assert not Download.objects.exists()
    assert send("download", rows="all", form="csv").url.startswith("/downloads/")


def test_nothing_chosen_leads_back_and_says_so(send, codes, people, as_alice):
    for page in ("download", "rows"):
        answer = send(page, form="csv")

        assert answer.url == f"/collections/{people.pk}/?sort=-item.name"
        assert "no_rows" in " ".join(codes(as_alice.get(answer.url)))


def test_rows_in_an_order_that_is_not_ready_are_no_file(send, monkeypatch):
    monkeypatch.setattr(indexes, "SMALL", 2)

    for chosen in ({"names": ["Ada 1"]}, {"rows": "all"}):
        answer = send("download", query="?sort=amount", form="csv", **chosen)

        assert answer.status_code == 302


def test_addresses_of_chosen_rows_are_listed_once_to_be_copied(send, people):
    work = {"email": "ADA0@example.com", "work": "w@example.com"}
    Item.objects.filter(name="Ada 2").update(properties=work)
    make_item(people, name="Nobody", properties={"email": "no address"})

    page = send("rows", rows="all")

    assert page.context["emails"] == [
        *("ada4@example.com", "ada3@example.com", "ADA0@example.com"),
        *("w@example.com", "ada1@example.com"),
    ]
    assert 'href="https://app.example.com/4"' in page.content.decode()


def test_pages_of_others_and_addresses_that_are_not_safe_are_no_links(send, people):
    Item.objects.filter(name="Ada 1").update(remote_url="javascript:alert(1)")

    page = send("rows", ["Ada 1", "Ada 2"])

    assert [link["name"] for link in page.context["links"]] == ["Ada 2"]
    assert "javascript:" not in page.content.decode()


def test_of_many_rows_every_address_is_there_in_parts(send, people, monkeypatch):
    every = send("rows", rows="all").context["emails"]
    monkeypatch.setattr(addresses, "MOST_ROWS", 2)
    query, found, parts = "?sort=-item.name", [], 0

    while query:
        page = send("rows", query=query, rows="all")
        assert 'data-code="in_parts"' in page.content.decode()
        found += page.context["emails"]
        _, has_more, more = page.context["place"].next_url.partition("?")
        query, parts = f"{has_more}{more}", parts + 1

    assert (found, parts) == (every, 3)
    assert (
        f"/collections/{people.pk}/rows/?sort="
        in send("rows", rows="all").content.decode()
    )


def test_chosen_rows_of_another_user_are_a_404(as_bob, people):
    for page in ("download", "rows"):
        path = f"/collections/{people.pk}/{page}/"

        assert as_bob.post(path, {"rows": "all", "form": "csv"}).status_code == 404


def test_a_file_of_chosen_rows_has_the_columns_that_were_chosen(send):
    def heads(**fields):
        return rows_of(body_of(send("download", ["Ada 1"], **fields)), "csv")[0]

    shown = "?columns=amount"
    assert heads(form="csv", query=shown) == ["Name", "Amount"]
    assert {"E-mail", "Work e-mail"} < set(heads(form="csv", query=shown, values="all"))
    assert "properties" in heads(form="csv", query=shown, values="raw")


def test_every_table_offers_its_rows_to_be_chosen(as_alice, people):
    page = as_alice.get(f"/collections/{people.pk}/").content.decode()

    assert page.count("name=item") == 5
    assert f'action="/collections/{people.pk}/rows/' in page
    assert 'name="values"' in page.partition('id="chosen"')[2].partition("</form>")[0]


def test_one_notice_names_all_columns_that_are_not_ready(as_alice, people, monkeypatch):
    # So that indexes are left to a worker, who is not there.
    monkeypatch.setattr(indexes, "SMALL", 0)

    page = as_alice.get(f"/collections/{people.pk}/?sort=amount&email__empty=")

    assert len(page.context["building"]) == 2
    assert page.content.count(b'data-code="building"') == 1


def test_nothing_claims_an_order_or_a_filter_that_is_not_ready(
    as_alice, people, monkeypatch
):
    monkeypatch.setattr(indexes, "SMALL", 0)
    asked = "sort=amount&email__is=ada1@example.com&columns=amount,item.updated"

    answer = as_alice.get(f"/collections/{people.pk}/?{asked}")
    page = answer.content.decode()

    told = [(each["direction"], each["label"]) for each in answer.context["columns"]]
    assert told == [("none", "Name"), ("none", "Amount"), ("descending", "Updated")]
    assert "<caption" in page
    assert " where " not in page.partition("<caption")[2].partition("</caption>")[0]
    assert "rows that were updated last are shown" in page


def test_a_click_on_an_order_that_is_not_ready_asks_for_it_again(
    as_alice, people, monkeypatch
):
    monkeypatch.setattr(indexes, "SMALL", 0)
    path = f"/collections/{people.pk}/?sort=-amount&columns=amount"

    [head] = [
        each
        for each in as_alice.get(path).context["columns"]
        if each["label"] == "Amount"
    ]

    assert "sort=-amount" in head["sort_url"]


def test_all_that_match_have_no_number_before_the_filters_are_ready(
    as_alice, people, monkeypatch
):
    monkeypatch.setattr(indexes, "SMALL", 0)

    page = as_alice.get(f"/collections/{people.pk}/?email__is=ada1@example.com")

    assert "All that match (not ready yet)" in page.content.decode()

"""What a page shows of an item is what a search finds it by."""

# ruff: noqa: RUF001 (letters that look alike are what this is about)

from itertools import product

import pytest
from django.core.cache import cache
from django.db import connection as database

from integrations.models import Item
from integrations.providers.records import Content, IntegrationItem
from integrations.services.items.lists import counting
from integrations.services.items.search import full_text, reindex
from integrations.services.items.storage import store
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

DEALS = {
    "fields": [
        {"name": "dealname", "label": "Deal Name"},
        {"name": "dealstage", "label": "Deal Stage", "kind": "stage"},
        {"name": "pipeline", "label": "Pipeline", "kind": "pipeline"},
        {"name": "hubspot_owner_id", "label": "Owner", "kind": "user"},
        {"name": "amount", "label": "Amount", "kind": "money"},
        {"name": "rate", "label": "Rate", "kind": "number"},
        {"name": "notes", "label": "Notes", "kind": "html"},
        {"name": "phone", "label": "Phone", "kind": "phone"},
        {
            "name": "source",
            "label": "Source",
            "kind": "choices",
            "options": {"ORG_SEARCH": "Organic search", "PAID": "Paid ads"},
        },
    ],
    "lookups": {
        "owner": {"41": "Cleo Cole"},
        "pipeline": {"p-7": "Partner Sales"},
        "stage": {"closedlost": "Closed Lost"},
    },
}
DEAL = {
    "dealstage": "closedlost",
    "pipeline": "p-7",
    "hubspot_owner_id": "41",
    "amount": "1042.5",
    "rate": "0.0045",
    "notes": "<p>Wants a <b>quagga</b></p>",
    "phone": "+1 909-415-7294",
    "source": "ORG_SEARCH;PAID",
}
TABLE = {
    "formats": {
        "fldAAAAAAAAAAAAA1": {"type": "autoNumber"},
        "fldAAAAAAAAAAAAA2": {"type": "barcode"},
        "fldAAAAAAAAAAAAA3": {"type": "multipleLookupValues"},
        "fldAAAAAAAAAAAAA4": {"type": "number", "precision": 1},
        "fldAAAAAAAAAAAAA5": {"type": "multipleCollaborators"},
        "fldAAAAAAAAAAAAA6": {"type": "singleLineText"},
    }
}
TABLE["fields"] = [{"name": name, "label": name} for name in TABLE["formats"]]
RECORD = {
    "fldAAAAAAAAAAAAA1": 1042,
    "fldAAAAAAAAAAAAA2": {"text": "0012345678905", "type": "upce"},
    "fldAAAAAAAAAAAAA3": [12345, "88442211"],
    "fldAAAAAAAAAAAAA4": 1906.25,
    "fldAAAAAAAAAAAAA5": [
        {"id": "usr12345678901234", "name": "Kim", "email": "k@x.io"}
    ],
    "fldAAAAAAAAAAAAA6": "(0421) 555-0184",
}
SCRIPTS = (
    "山田太郎 東京本社 김철수 서울지점 สมชาย ใจดี ភ្នំពេញ ວຽງຈັນ ရန်ကုန်မြို့ ガラス工場 "
    "Łódź Søren Þór IŞIK Yılmaz İstanbul Æsir Straße Đặng Garður Œuvre ＡＢＣ１２３ ٤٢"
)


@pytest.fixture
@kept
def deals(connection):
    return make_collection(
        connection, remote_id="deals", name="Deals", item_type="deal", schema=DEALS
    )


def names(answer):
    return [item.name for item in answer.context["items"]]


SHOWN_BY_HUBSPOT = (
    *("Closed Lost", "closed lost renewal", "Cleo Cole", "Partner sales"),
    *("organic search", "Paid ads", "quagga", "1,042.5", "1042.5", "1042", "1,042"),
    *("0.0045", "0.004", "+1 909-415-7294", "9094157294", "(909) 415 7294"),
    *("909.415.7294", "+19094157294", "4157294", "7294", "909 415", "renew"),
)


def test_what_hubspot_shows_is_found(as_alice, deals, subtests):
    make_item(deals, name="Renewal", properties=DEAL)
    make_item(
        deals,
        name="Another",
        remote_id="other",
        properties={"dealstage": "open", "rate": "4.5"},
    )

    for query in SHOWN_BY_HUBSPOT:
        with subtests.test(query=query):
            page = as_alice.get("/items/", {"q": query})

            assert names(page) == ["Renewal"]
            assert page.context["count_text"] == "1 of 2 items"


SHOWN_BY_AIRTABLE = (
    *("1042", "0012345678905", "12345", "88442211", "1906.3", "1,906.3", "1906.25"),
    *("Kim", "k@x.io", "04215550184", "0421 555 0184", "+49 421 5550184", "0184"),
)


def test_what_airtable_shows_is_found(as_alice, alice, subtests):
    table = make_collection(
        make_connection(alice, provider="airtable"), item_type="record", schema=TABLE
    )
    make_item(table, name="Crate", properties=RECORD)
    make_item(table, name="Box", remote_id="other", properties={"fldAAAAAAAAAAAAA1": 7})

    for query in SHOWN_BY_AIRTABLE:
        with subtests.test(query=query):
            assert names(as_alice.get("/items/", {"q": query})) == ["Crate"]


def test_what_notion_shows_is_found(as_alice, alice, subtests):
    fields = [
        {"name": "a", "label": "Effort", "kind": "number"},
        {"name": "b", "label": "ID"},
        {"name": "c", "label": "Status", "kind": "choice"},
        {"name": "d", "label": "Who", "kind": "user"},
        {"name": "e", "label": "Codes", "kind": "value"},
    ]
    rows = make_collection(
        make_connection(alice, provider="notion"),
        item_type="page",
        schema={"fields": fields},
    )
    make_item(
        rows,
        name="Row",
        properties={
            "a": 1042,
            "b": "TASK-17",
            "c": "In progress",
            "d": [{"id": "u" * 32, "name": "Kim"}],
            "e": ["6 of 7", "0012345678905"],
        },
    )
    make_item(
        rows,
        name="Other",
        remote_id="other",
        properties={"a": 42, "b": "TASK-1", "c": "Done"},
    )

    for query in (
        "1042",
        "1,042",
        "TASK-17",
        "In progress",
        "Kim",
        "0012345678905",
        "6 of",
    ):
        with subtests.test(query=query):
            assert names(as_alice.get("/items/", {"q": query})) == ["Row"]


def test_a_search_says_while_it_learns_other_names(as_alice, deals):
    make_item(deals, name="Renewal", properties=DEAL)
    deals.schema = {**DEALS, "lookups": {"owner": {"41": "Cleo Stone"}}}
    deals.save(update_fields=["schema"])
    reindex.note_labels(deals)

    before = as_alice.get("/items/?q=stone")
    elsewhere = as_alice.get("/items/")
    reindex.run_slice()
    after = as_alice.get("/items/?q=stone")

    assert before.context["indexing"] == reindex.Progress(done=0, total=1)
    assert b"0 of 1 item is done" in before.content
    assert elsewhere.context["indexing"] is None
    assert (names(before), names(after)) == ([], ["Renewal"])
    assert after.context["indexing"] is None


PARTS_OF_SCRIPTS = (
    *(
        "太郎",
        "本社",
        "山田太郎",
        "田",
        "철수",
        "지점",
        "수",
        "ชาย",
        "ใจดี",
        "ពេញ",
        "ຈັນ",
    ),
    *(
        "ကုန်",
        "工場",
        "ラス",
        "Lodz",
        "łódź",
        "Soren",
        "søren",
        "Thor",
        "þór",
        "ışık",
    ),
    *(
        "isik",
        "IŞIK",
        "Yilmaz",
        "yılmaz",
        "YILMAZ",
        "istanbul",
        "İSTANBUL",
        "Aesir",
    ),
    *("strasse", "STRASSE", "Dang", "gardur", "oeuvre", "abc123", "ａｂｃ", "42"),
    *("ﾗｽ", "Lo\u0301dz", "\u1100\u1175\u11b7\u110e\u1165\u11af", "太郎 lodz"),
)


def test_names_are_found_in_every_script(as_alice, collection, subtests):
    make_item(collection, name=SCRIPTS)
    make_item(collection, name="本郷 서점 ใจ Lotte", remote_id="other")

    for query in PARTS_OF_SCRIPTS:
        with subtests.test(query=query):
            assert names(as_alice.get("/items/", {"q": query})) == [SCRIPTS]


ODD = (
    *("NEAR(", '"', "*", "-", "'", "\\", ":*", "!", "& |", "^ada", "{name}: ada"),
    *("ada AND", "NOT ada", "(ada", "ada)", 'a"d"a', "x" * 10_000, "a " * 5000),
    *("太郎" * 5000, "1" * 10_000, "1 " * 5000, "\x00", "%", "§ada", "¶", "a·b"),
)


def test_no_query_is_an_error(as_alice, collection, subtests):
    make_item(collection, name="Bob")

    for query in ODD:
        with subtests.test(query=query):
            page = as_alice.get("/items/", {"q": query})

            assert page.status_code == 200
            assert names(page) in ([], ["Bob"])


def test_a_word_behind_many_others_is_found(as_alice, deals):
    forms = {
        f"intake_{n:03}": f"Answer {n} of the intake form, in one sentence"
        for n in range(120)
    }
    make_item(
        deals, name="Form", properties={**forms, "phone": "+19094157294", "zip": "0184"}
    )
    make_item(deals, name="Long", properties={"notes": "word " * 19_000 + "okapi"})

    for query in ("+19094157294", "0184", "answer 119"):
        assert names(as_alice.get("/items/", {"q": query})) == ["Form"]
    assert names(as_alice.get("/items/", {"q": "okapi"})) == ["Long"]


def test_one_endless_value_hides_no_other(as_alice, deals):
    endless = " ".join(f"w{n}x" for n in range(300_000))
    item = IntegrationItem(
        id="7", type="deal", name="Endless", properties={**DEAL, "notes": endless}
    )
    text = Content(blocks=(), text="Quagga and okapi")

    store.store_page(deals, [item], run_id=None, now=NOON, texts={"7": text})

    for query in ("Endless", "Closed Lost", "9094157294", "w17x"):
        assert names(as_alice.get("/items/", {"q": query})) == ["Endless"]


def test_names_come_first_exact_ones_before_all(as_alice, collection):
    mail = {"email": "harbour@host.example"}
    for name in ("The Harbour", "Harbour Inn", "Bob", "Harboury", "Harbour"):
        make_item(collection, name=name, properties=mail if name == "Bob" else {})
    make_item(collection, name="Zed", properties={"company": "Harbour Ltd"})

    page = as_alice.get("/items/", {"q": "harbour", "sort": "name"})

    assert names(page) == [
        "Harbour",
        *("Harbour Inn", "Harboury"),
        "The Harbour",
        *("Bob", "Zed"),
    ]


@pytest.mark.parametrize("few", [1, 1000])
@pytest.mark.parametrize(
    ("typed", "another"),
    [
        ("person80@80.example", "person8062@80.example"),
        ("+49 421 555 0184", "+49 421 555 01847"),
        ("harbour-and-vale.example", "harbour-and-vale.examples"),
        ("Kiel 24103", "Kielwasser 24103"),
    ],
)
def test_what_is_as_it_was_typed_comes_before_what_begins_so(
    as_alice, collection, monkeypatch, few, typed, another
):
    monkeypatch.setattr(full_text, "FEW", few)
    for name, value in (("Zed", typed), ("Ann", another), ("Bob", another)):
        make_item(collection, name=name, properties={"email": value})

    listed = as_alice.get("/items/", {"q": typed, "sort": "name"})
    (group,) = as_alice.get("/search/", {"q": typed}).context["groups"]

    assert names(listed) == ["Zed", "Ann", "Bob"]
    assert group["items"][0].name == "Zed"


def test_every_page_of_a_result_has_its_rows_once_and_one_count(
    as_alice, collection, monkeypatch
):
    for number in range(60):
        name = f"{'Harbour' if number % 2 else 'The harbour'} {number:02}"
        named = number % 3
        properties = {} if named else {"city": "Harbour"}
        make_item(
            collection, name=name if named else f"C {number:02}", properties=properties
        )
    expected = (
        [f"Harbour {n:02}" for n in range(60) if n % 2 and n % 3]
        + [f"The harbour {n:02}" for n in range(60) if not n % 2 and n % 3]
        + [f"C {n:02}" for n in range(60) if not n % 3]
    )

    for way in product((3, 1000), ((1, 1), (20, 40), (600, 3000)), (0, 20_000)):
        few, steps, small = way
        cache.clear()
        monkeypatch.setattr(full_text, "FEW", few)
        monkeypatch.setattr(full_text, "STEPS", steps)
        monkeypatch.setattr(counting, "SMALL", small)
        pages = [as_alice.get("/items/?q=harbour&sort=name&size=25")]
        while pages[-1].context["next_url"]:
            pages.append(as_alice.get(pages[-1].context["next_url"]))
        back = as_alice.get(pages[-1].context["previous_url"])

        assert [name for page in pages for name in names(page)] == expected, way
        assert names(back) == names(pages[-2]), way
        counts = {page.context["count_text"] for page in (*pages, back)}
        assert counts == {"60 of 60 items"}, way


def test_pages_count_alike_although_a_sync_stores_rows_meanwhile(
    as_alice, connection, monkeypatch
):
    kinds = [
        make_collection(connection, remote_id=f"{kind}s", item_type=kind)
        for kind in ("deal", "contact")
    ]
    for collection in kinds:
        for number in range(40):
            kind = collection.item_type
            make_item(collection, type=kind, name=f"Harbour {number:02}")
    for module, name, value in (
        (full_text, "FEW", 30),
        (full_text, "STEPS", (1, 1)),
        (counting, "SMALL", 0),
        (counting, "ENOUGH", 10),
    ):
        monkeypatch.setattr(module, name, value)
    first = as_alice.get("/items/?q=harbour&type=deal&size=25")
    stored_anew = Item.objects.filter(type="deal").values_list("pk", flat=True)[:15]
    with database.cursor() as cursor:
        column = "words" if database.vendor == "postgresql" else "text"
        cursor.executemany(
            f"UPDATE {full_text.TABLE} SET {column} = {column}"
            f" WHERE {full_text.key_column()} = %s",
            [(pk,) for pk in stored_anew],
        )

    second = as_alice.get(first.context["next_url"])

    told = [each.context["count_text"] for each in (first, second)]
    assert told == ["More than 10 of 80 items"] * 2


def test_a_row_shows_the_passage_that_was_found(as_alice, deals):
    make_item(deals, name="Renewal", properties=DEAL)

    def row(query):
        content = as_alice.get("/items/", {"q": query}).content.decode()
        return content[content.index("<tbody>") : content.index("</tbody>")]

    assert "<bdi><mark>Closed</mark> <mark>Lost</mark></bdi>" in row("closed lost")
    assert "<bdi>Owner</bdi>: <bdi><mark>Cleo</mark> Cole</bdi>" in row("cleo renewal")
    assert "<mark>Renewal</mark>" in row("cleo renewal")
    assert "<bdi><mark>+1 909-415-7294</mark></bdi>" in row("9094157294")
    assert "<bdi><mark>1,042.50</mark></bdi>" in row("1042.5")
    assert "<bdi>Wants a <mark>quagga</mark></bdi>" in row("quagga")
    assert "<mark>" not in row("")


def test_a_marked_passage_stays_text(as_alice, deals):
    hostile = "<script>alert(1)</script> okapi & <b>"
    make_item(deals, name=f"{hostile} one", properties={"dealname": hostile})
    make_item(deals, name="Two", properties={"dealname": hostile})

    content = as_alice.get("/items/", {"q": "okapi"}).content.decode()

    assert "<script>alert" not in content
    assert content.count("&lt;/script&gt; <mark>okapi</mark> &amp; &lt;b&gt;") == 2


def test_a_passage_far_into_a_text_is_cut_around_what_was_found(as_alice, deals):
    item = IntegrationItem(id="7", type="deal", name="Handbook")
    body = Content(blocks=(), text="東京 word " * 4000 + "山田太郎さん " + "end " * 400)
    store.store_page(deals, [item], run_id=None, now=NOON, texts={"7": body})

    page = as_alice.get("/items/", {"q": "太郎"})

    (passage,) = page.context["items"][0].passages
    assert [piece.text for piece in passage.pieces if piece.is_match] == ["太郎"]
    assert passage.pieces[0].text == passage.pieces[-1].text == "…"
    assert len("".join(piece.text for piece in passage.pieces)) < 200


def test_another_users_items_are_never_among_what_is_found(as_alice, deals, bob):
    make_item(make_collection(make_connection(bob)), name="Harbour")

    assert names(as_alice.get("/items/?q=harbour")) == []
    assert Item.objects.count() == 1

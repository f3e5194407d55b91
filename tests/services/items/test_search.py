"""Texts are folded into the same words, whoever writes them and however."""

# ruff: noqa: RUF001 (letters that look alike are what this is about)

import pytest
from django.db import connection as database

from integrations.models import Item
from integrations.providers.airtable.mapping import values as airtable_values
from integrations.providers.hubspot.mapping import items as hubspot_items
from integrations.services.items.search import found_items, full_text, texts
from integrations.services.items.search.anybodys import find_anybodys
from integrations.services.items.search.search_query import Rank, SearchQuery
from integrations.services.items.search.texts import Indexer
from integrations.services.items.search.words import fold, index_words, query_units
from tests.support.rows import make_collection, make_connection, make_item
from tests.support.searching import found_by

LONG = "many words of a name " * 4


def words_of(text):
    """Return the words of an indexed text, without the mark of their owner."""
    return {word.partition("¬")[2] for word in text.split()}


@pytest.fixture
def collection(alice):
    return make_collection(make_connection(alice))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ada LOVELACE", ["ada", "lovelace"]),
        ("snake_case, e-mail@host", ["snake", "case", "e", "mail", "host"]),
        ("Chloé Dvořák", ["chloe", "dvorak"]),
        ("Straße 東京 כהן", ["strasse", "東京", "כהן"]),
        ("Ⅷ ﬁn", ["viii", "fin"]),
        ("Łódź Søren Þór Æsir", ["lodz", "soren", "thor", "aesir"]),
        ("IŞIK ışık İzmir", ["isik", "isik", "izmir"]),
        ("ガラス カラス", ["ガラス", "カラス"]),
        ("सचिन", ["सचिन"]),
        ("co\u00adoperate", ["cooperate"]),
        ("مُحَمَّد ١٢٣", ["محمد", "123"]),
        (" \x00\x1f—", []),
    ],
)
def test_words_are_folded_alike_in_plain_and_in_foreign_text(text, words):
    assert fold(text) == words


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("+1 909-415-7294", "9094157294"),
        ("(0421) 555–0184", "04215550184"),
        ("1,042", "1042"),
        ("１，０４２．５", "1042·5"),
        ("0.0045", "0·0045"),
        ("on 2026-11-20 at noon", "20261120"),
        ("山田太郎", "田太"),
        ("山田太郎", "郎"),
    ],
)
def test_a_text_is_found_by_more_words_than_it_has(text, word):
    assert word in index_words(text)


def test_two_numbers_side_by_side_are_one_or_two():
    ((whole, apart),) = query_units("1042 1906")

    assert (whole, apart) == (("10421906",), ("1042", "1906"))


@pytest.mark.parametrize("name", ["O'Brien", "O\u2019BRIEN", "OBrien"])
def test_a_name_is_found_with_and_without_its_apostrophe(collection, name):
    item = make_item(collection, name=name)

    for query in ("o'brien", "O\u2019Brien", "obrien"):
        assert list(found_by(collection.connection.owner, query)) == [item], query


@pytest.mark.parametrize("few", [1, 1000])
def test_few_and_many_hits_are_found_alike(collection, bob, monkeypatch, few):
    monkeypatch.setattr(full_text, "FEW", few)
    found = {make_item(collection, name=name).pk for name in ("Ann", "Anna", "Annika")}
    make_item(collection, name="Bob")
    make_item(make_collection(make_connection(bob)), name="Anna of bob")
    full_text.tell_planner()

    owner = collection.connection.owner
    hits = found_by(owner, "an").order_by("sort_name", "id")

    assert [item.name for item in hits] == ["Ann", "Anna", "Annika"]
    assert set(hits.values_list("pk", flat=True)) == found


@pytest.mark.parametrize(
    "text",
    [
        *("12.5", "12 5", "lodz", "1,042", "太", "太郎", "+1 909 415 7294", "a b", "ł"),
        *("1", f"{LONG} abc", LONG, "o'brien", "obrien", "3 Nov 2026"),
    ],
)
def test_the_ranks_share_what_is_found(collection, text):
    for name in (
        *("O'Brien", "OBrien", "3 Nov 2026", "20261103"),
        *("12.50 kg", "12 5", "Łódź", "in Lodz", "太郎", "山田太郎", "1,042", "1042"),
        *(
            "909-415-7294 Ext",
            "+19094157294",
            "ab",
            "b a",
            f"{LONG} abc",
            f"{LONG} xyz",
        ),
    ):
        make_item(collection, name=name)
        make_item(collection, name="Other", properties={"phone": name})
    owner_id = collection.connection.owner_id
    search_query = SearchQuery.parse(text, owner_id=owner_id)

    shares = [full_text.ask_index(search_query.ranked(rank)).keys for rank in Rank]

    found = full_text.ask_index(search_query.condition).keys
    assert found
    assert sorted(key for share in shares for key in share) == found


def test_values_that_many_items_have_keep_what_they_hang_on(alice):
    fields = [
        {"name": "amount", "label": "Amount", "kind": "money"},
        {"name": "deal_currency_code", "label": "Currency", "is_hidden": True},
    ]
    fields[0]["options"] = {"currency_property": "deal_currency_code"}
    deals = make_collection(make_connection(alice), schema={"fields": fields})
    indexer = Indexer(deals)

    for currency in ("SEK", "EUR", "SEK"):
        properties = {"amount": "9", "deal_currency_code": currency}
        text = indexer.text(name="Deal", remote_id="a", properties=properties)
        assert {"sek", "eur"} & words_of(text) == {currency.lower()}


def test_an_amount_whose_currency_no_schema_names_has_that_of_its_deal(alice):
    fields = [
        {"name": "amount", "label": "Amount", "kind": "money"},
        {"name": "deal_currency_code", "label": "Currency", "is_hidden": True},
    ]
    deals = make_collection(make_connection(alice), schema={"fields": fields})
    deals.connection.account = {"currency": "EUR"}
    indexer = Indexer(deals)

    for amount in ("9", "8"):
        properties = {"amount": amount, "deal_currency_code": "SEK"}
        text = indexer.text(name="Deal", remote_id="a", properties=properties)
        assert {"sek", "eur"} & words_of(text) == {"sek"}


def test_an_amount_is_described_once_beside_its_currency_only(alice, monkeypatch):
    fields = [
        {"name": "amount", "label": "Amount", "kind": "money"},
        {"name": "fee", "label": "Fee", "kind": "money"},
        {"name": "deal_currency_code", "label": "Currency"},
        {"name": "stage", "label": "Stage"},
    ]
    for amount in fields[:2]:
        amount["options"] = {"currency_property": "deal_currency_code"}
    deals = make_collection(make_connection(alice), schema={"fields": fields})
    indexer, described = Indexer(deals), []
    usual = {"deal_currency_code": "SEK", "stage": "Won"}
    indexer.text(name="Deal", remote_id="a", properties=usual)
    describe = texts.describe

    def note(collection, values):
        described.append(set(values))
        return describe(collection, values)

    monkeypatch.setattr(texts, "describe", note)
    properties = {"amount": "9", "fee": "3", **usual}
    text = indexer.text(name="Deal", remote_id="b", properties=properties)

    assert described == [{"amount", "fee", "deal_currency_code"}]
    assert {"9", "3", "sek", "won"} <= words_of(text)


def test_a_box_without_a_tick_is_found_in_every_item(alice):
    boxes = [{"name": "fldAAAAAAAAAAAAA1", "label": "Done"}]
    table = make_collection(
        make_connection(alice, provider="airtable"),
        schema={"fields": boxes, "formats": {boxes[0]["name"]: {"type": "checkbox"}}},
    )
    indexer = Indexer(table)

    for properties in ({}, {boxes[0]["name"]: True}, {}):
        text = indexer.text(name="Box", remote_id="a", properties=properties)
        assert {"yes", "no"} & words_of(text) == {"yes" if properties else "no"}


def steps_of(function):
    """Return how many steps SQLite's machine takes for what a function asks."""
    steps = [0]

    def count():
        steps[0] += 1

    database.ensure_connection()
    database.connection.set_progress_handler(count, 1)
    try:
        function()
    finally:
        database.connection.set_progress_handler(None, 1)
    return steps[0]


@pytest.mark.skipif(database.vendor != "sqlite", reason="counts SQLite's own steps")
@pytest.mark.parametrize(
    ("shared", "own"),
    [
        ("har", "quo"),
        ("harbour", "quotient"),
        ("harbour master", "quotient finders"),
    ],
)
def test_a_word_that_others_have_takes_no_more_steps(collection, bob, shared, own):
    owner = collection.connection.owner
    make_item(collection, name="Harbour Master")
    make_item(collection, name="Quotient Finders")
    others = make_collection(make_connection(bob, remote_id="of bob"))
    for number in range(400):
        make_item(others, name=f"Harbour{number} Harbour Master")

    alone = steps_of(lambda: list(found_by(owner, own)))
    beside = steps_of(lambda: list(found_by(owner, shared)))

    assert [item.name for item in found_by(owner, shared)] == ["Harbour Master"]
    assert beside < alone * 1.2


def test_what_others_have_does_not_crowd_out_a_find(collection, bob):
    others = make_collection(make_connection(bob, remote_id="of bob"))
    for _ in range(3):
        make_item(others, name="ada@harbour.example")
    mine = make_item(collection, name="ada@harbour.example")

    [found] = found_items.find_with_texts(
        ["ada@harbour.example"],
        Item.objects.all(),
        owner_id=collection.connection.owner_id,
        most=2,
        few=2,
    )

    assert found == [mine]


def test_no_owners_words_begin_like_anothers(collection, alice):
    assert not texts.owner_mark(117).startswith(texts.owner_mark(1))
    assert not texts.owner_mark(117).startswith(texts.owner_mark(11))


def test_staff_find_anybodys_items(collection, bob):
    mine = make_item(collection, name="Harbour")
    other = make_item(
        make_collection(make_connection(bob, remote_id="of bob")), name="Harbour"
    )

    assert find_anybodys("harb") == [mine.pk, other.pk]


@pytest.mark.parametrize(
    "kept", [250_000, hubspot_items.MAX_VALUE, airtable_values.MAX_TEXT]
)
def test_the_last_word_of_the_longest_value_that_is_kept_is_found(
    alice, collection, kept
):
    end = " quagga"
    text = ("some words " * kept)[: kept - len(end)] + end
    item = make_item(collection, properties={"notes": text})

    assert list(found_by(alice, "quagga")) == [item]

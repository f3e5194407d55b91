"""Search finds the same items whether few match or many, in whatever script."""

import pytest

from integrations.models import Item
from integrations.services.items import search
from tests.support.rows import make_collection, make_connection, make_item


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
        (" \x00\x1f—", []),
    ],
)
def test_words_are_folded_alike_in_plain_and_in_foreign_text(text, words):
    assert search.fold(text) == words


def test_one_foreign_value_hides_no_plain_word():
    text = search.search_text("Ada", {"city": "東京", "email": "ada@host.example"})

    assert set(text.split()) == {"ada", "東京", "host", "example"}


@pytest.mark.parametrize("few", [1, 1000])
def test_few_and_many_hits_are_found_alike(collection, bob, monkeypatch, few):
    monkeypatch.setattr(search, "FEW", few)
    found = {make_item(collection, name=name).pk for name in ("Ann", "Anna", "Annika")}
    make_item(collection, name="Bob")
    make_item(make_collection(make_connection(bob)), name="Anna of bob")
    search.tell_planner()

    own = Item.objects.owned_by(collection.connection.owner)
    hits = search.matching(own, "an").order_by("sort_name", "id")

    assert [item.name for item in hits] == ["Ann", "Anna", "Annika"]
    assert set(hits.values_list("pk", flat=True)) == found

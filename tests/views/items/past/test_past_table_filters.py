"""A table's past is filtered, searched and sorted as the table is."""

from urllib.parse import urlencode

import pytest
from django.db import connection as database
from django.db.models import F
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from integrations.models import Item, ItemContent, OwnColumn, OwnValue, SearchState
from integrations.models.remote_key import remote_key
from integrations.services.items.past import past_selection, table_history
from integrations.services.items.search import reindex
from integrations.services.items.tables.indexing import indexes
from tests.support.pages.tables import names
from tests.support.rows import NOON
from tests.views.items.past.conftest import HOUR, WON, ask, codes, put
from tests.views.items.tables.test_relation_columns import COMPANIES

THEN_AND_NOW = (
    (WON, {"Birch", "Cedar", "Elm"}, {"Ash", "Cypress", "Fir"}),
    ({"stage__not": "Won"}, {"Ash", "Dogwood"}, {"Birch", "Dogwood"}),
    ({"amount__gt": "6"}, {"Birch", "Dogwood"}, {"Ash", "Birch", "Dogwood"}),
    ({"amount__between": "2,5"}, {"Ash", "Cedar"}, {"Cypress", "Fir"}),
    ({"amount__in": "1,9"}, {"Elm", "Dogwood"}, {"Dogwood"}),
    ({"due__before": "2026-11-10"}, {"Ash"}, set()),
    ({"due__is": "2026-11-20"}, {"Birch"}, {"Birch"}),
    (
        {"due__empty": "1"},
        {"Cedar", "Dogwood", "Elm"},
        {"Cypress", "Dogwood", "Fir"},
    ),
    ({"hot__is": "yes"}, {"Birch"}, set()),
    ({"item.name__starts": "c"}, {"Cedar"}, {"Cypress"}),
    ({"item.name__contains": "o"}, {"Dogwood"}, {"Dogwood"}),
    ({f"{COMPANIES}__is": "Acme"}, {"Ash", "Cedar"}, {"Cypress"}),
    ({"q": "cedar"}, {"Cedar"}, set()),
    ({"q": "cypress"}, set(), {"Cypress"}),
    ({"q": "won"}, {"Birch", "Cedar", "Elm"}, {"Ash", "Cypress", "Fir"}),
    ({**WON, "amount__gt": "6"}, {"Birch"}, {"Ash"}),
    (
        {**WON, "amount__gt": "6", "match": "any"},
        {"Birch", "Cedar", "Elm", "Dogwood"},
        {"Ash", "Birch", "Cypress", "Dogwood", "Fir"},
    ),
)


def test_rows_of_a_time_are_those_that_fitted_then(as_alice, deals, subtests):
    for asked, then, now in THEN_AND_NOW:
        with subtests.test(asked=asked, then=then, now=now):
            past = ask(as_alice, deals, 1, **asked)
            latest = ask(as_alice, deals, 9, **asked)
            table = as_alice.get(f"/collections/{deals.pk}/?{urlencode(asked)}")

            assert set(names(past)) == then
            assert set(names(latest)) == set(names(table)) == now
            assert not codes(past) & {"left_out", "past_cut", "partial"}


SORTED = (
    ("amount", ["Elm", "Cedar", "Ash", "Birch", "Dogwood"]),
    ("-amount", ["Dogwood", "Birch", "Ash", "Cedar", "Elm"]),
    ("item.name", ["Ash", "Birch", "Cedar", "Dogwood", "Elm"]),
    ("due", ["Ash", "Birch", "Cedar", "Dogwood", "Elm"]),
    ("-due", ["Birch", "Ash", "Elm", "Dogwood", "Cedar"]),
    ("stage", ["Ash", "Dogwood", "Birch", "Cedar", "Elm"]),
)


def test_rows_of_a_time_are_sorted_by_what_they_were(as_alice, deals, subtests):
    for sort, expected in SORTED:
        with subtests.test(sort=sort, expected=expected):
            assert names(ask(as_alice, deals, 1, sort=sort)) == expected


def test_texts_among_numbers_stand_where_the_table_has_them(
    as_alice, deals, time_machine
):
    time_machine.move_to(NOON + 10 * HOUR)
    told = {"x": ("Xylem", "many", "won", {}), "y": ("Yew", "few", "won", {})}
    put(deals, 10, **told, z=("Zelkova", None, "won", {}))
    time_machine.move_to(NOON + 12 * HOUR)
    put(deals, 12, y=("Yew", "1", "won", {}))

    up, down = (
        names(ask(as_alice, deals, 11, sort=sort)) for sort in ("amount", "-amount")
    )

    assert [each for each in up if each > "X"] == ["Yew", "Xylem", "Zelkova"]
    assert [each for each in down if each > "X"] == ["Xylem", "Yew", "Zelkova"]
    assert up[-3:] == ["Yew", "Xylem", "Zelkova"]


def test_the_order_of_now_is_that_of_the_table(as_alice, deals):
    for sort in ("amount", "-amount", "-due", "due", "stage", "-item.name"):
        table = as_alice.get(f"/collections/{deals.pk}/?{urlencode({'sort': sort})}")

        assert names(ask(as_alice, deals, 9, sort=sort)) == names(table)


def test_the_rows_of_a_relation_are_those_that_named_the_item_then(as_alice, deals):
    acme = Item.objects.get(name="Acme")
    asked = {"linked_to": acme.uuid, "relation": f"-{COMPANIES}"}

    past, latest = (ask(as_alice, deals, hours, **asked) for hours in (1, 9))

    assert set(names(past)) == {"Ash", "Cedar"}
    assert names(latest) == ["Cypress"]


@pytest.mark.parametrize("is_ready", [True, False])
def test_rows_fit_though_an_index_is_not_there_yet(
    as_alice, deals, monkeypatch, is_ready
):
    if not is_ready:
        monkeypatch.setattr(indexes, "SMALL", 0)

    page = ask(as_alice, deals, 1, **WON, sort="-amount")

    assert names(page) == ["Birch", "Cedar", "Elm"]


@pytest.mark.parametrize("sort", ["", "amount"])
def test_rows_fit_any_filter_though_the_index_of_one_is_not_there_yet(
    as_alice, deals, monkeypatch, sort
):
    asked = {**WON, "amount__gt": "6", "match": "any", "sort": sort}
    as_alice.get(f"/collections/{deals.pk}/?{urlencode(WON)}")
    monkeypatch.setattr(indexes, "SMALL", 0)

    page = ask(as_alice, deals, 1, **asked)

    assert page.context["building"]
    assert set(names(page)) == {"Birch", "Cedar", "Elm", "Dogwood"}


def test_without_an_index_the_rows_that_were_updated_last_are_looked_at(
    as_alice, deals, monkeypatch
):
    live = Item.objects.filter(collection=deals, deleted_at=None)
    by_update = F("remote_updated_at").desc(nulls_last=True)
    latest = live.order_by(by_update, "-pk").values_list("name", flat=True)
    monkeypatch.setattr(indexes, "SMALL", 0)
    monkeypatch.setattr(past_selection, "MOST_ROWS", 2)

    page = ask(as_alice, deals, 9, sort="amount")

    assert page.context["building"]
    assert set(names(page)) == set(latest[:2])


@pytest.mark.parametrize("text", ["zebra", "yak"])
def test_a_search_finds_notes_and_texts_of_now_whether_a_row_has_changed_or_not(
    as_alice, alice, deals, text
):
    """Birch has changed since, Dogwood has not."""
    own = OwnColumn.objects.create(
        owner=alice, name="Mine", kind="text", **remote_key(deals)
    )
    for item in deals.items.filter(remote_id__in="bd"):
        OwnValue.objects.create(column=own, remote_id=item.remote_id, value="Zebra")
        ItemContent.objects.create(item=item, text="A yak", read_for=NOON, read_at=NOON)
    SearchState.objects.update(indexed_with="", indexing_with="")
    reindex.run_slice()

    past, latest = (ask(as_alice, deals, hours, q=text) for hours in (1, 9))

    assert set(names(past)) == set(names(latest)) == {"Birch", "Dogwood"}


def test_filters_and_heads_lead_to_the_same_time(as_alice, deals):
    page = ask(as_alice, deals, 1, **WON, sort="amount")

    (chip,) = page.context["conditions"]
    every = as_alice.get(chip["remove_url"])
    head = next(h for h in page.context["heads"] if h["column"].id == "amount")
    turned = as_alice.get(head["sort_url"])
    assert names(every) == ["Elm", "Cedar", "Ash", "Birch", "Dogwood"]
    assert names(turned) == ["Birch", "Cedar", "Elm"]
    form = "&column=amount&operator=lt&value=4&add=1"
    added = as_alice.get(f"{page.context['filter_url']}{form}", follow=True)
    assert names(added) == ["Elm", "Cedar"]


def test_pages_of_the_past_follow_each_other(as_alice, deals, monkeypatch):
    put(deals, 0, **{f"x{n:03}": (f"X{n:03}", "4", "won", {}) for n in range(60)})
    Item.objects.update(first_seen_at=NOON)

    page = ask(as_alice, deals, 1, q="x0", sort="item.name")
    path = f"/collections/{deals.pk}/as-of/"
    after = as_alice.get(f"{path}{page.context['row_pages']['older_url']}")

    assert [*names(page), *names(after)] == [f"X{n:03}" for n in range(60)]


@pytest.mark.parametrize(
    ("module", "name", "code"),
    [
        (past_selection, "MOST_ROWS", "past_cut"),
        (table_history, "MOST_LOOKED_AT", "partial"),
    ],
)
def test_where_a_bound_cuts_the_page_says_so(
    as_alice, deals, monkeypatch, module, name, code
):
    monkeypatch.setattr(module, name, 2)

    assert code in codes(ask(as_alice, deals, 1, sort="amount"))


def test_what_has_no_past_is_told_as_it_is_now(as_alice, alice, deals):
    own = OwnColumn.objects.create(
        owner=alice,
        provider=deals.connection.provider,
        account_id=deals.connection.remote_id,
        collection_id="deals",
        name="Mine",
        kind="text",
    )
    OwnValue.objects.create(column=own, remote_id="a", value="yes")

    page = ask(as_alice, deals, 1, **{f"{own.column_id}__is": "yes"})

    assert names(page) == ["Ash"]
    assert "of_now" in codes(page)


def test_past_rows_are_not_grouped_and_the_page_says_so(as_alice, deals, monkeypatch):
    monkeypatch.setattr(past_selection, "MOST_ROWS", 2)

    page = ask(as_alice, deals, 1, group="stage")

    assert "ungrouped" in codes(page)
    assert "past_cut" not in codes(page)
    assert set(names(page)) == {"Ash", "Birch", "Cedar", "Dogwood", "Elm"}
    assert {each["direction"] for each in page.context["heads"]} == {"none"}
    assert page.context["now_url"].endswith("?group=stage")


def test_past_rows_of_a_grouped_table_keep_an_order_that_was_chosen(as_alice, deals):
    page = ask(as_alice, deals, 1, group="stage", sort="-amount")

    assert "ungrouped" in codes(page)
    assert names(page) == ["Dogwood", "Birch", "Ash", "Cedar", "Elm"]


def test_a_filter_that_cannot_be_used_is_said(as_alice, deals):
    page = ask(as_alice, deals, 1, lost__is="x")

    assert "left_out" in codes(page)


def test_of_rows_that_have_not_changed_only_those_of_the_page_are_loaded(
    as_alice, deals
):
    put(deals, 0, **{f"x{n:03}": (f"X{n:03}", "4", "won", {}) for n in range(60)})
    Item.objects.update(first_seen_at=NOON)
    ask(as_alice, deals, 6, **WON, sort="amount")

    loaded = []
    with CaptureLoads(loaded):
        page = ask(as_alice, deals, 6, **WON, sort="amount")

    assert page.context["row_count"] > 60
    assert len(set(loaded)) <= 50


class CaptureLoads:
    """Notes the keys of items whose properties are read from the database."""

    def __init__(self, loaded):
        self.loaded = loaded

    def note(self, sender, instance, **kwargs):
        if "properties" in vars(instance):
            self.loaded.append(instance.pk)

    def __enter__(self):
        post_init.connect(self.note, sender=Item)

    def __exit__(self, *args):
        post_init.disconnect(self.note, sender=Item)


def test_a_page_of_the_past_asks_few_questions(as_alice, deals):
    asked = {**WON, "sort": "-amount", "q": "won", "amount__gt": "0"}
    ask(as_alice, deals, 1, **asked)

    with CaptureQueriesContext(database) as queries:
        ask(as_alice, deals, 1, **asked)

    assert len([q for q in queries if "SAVEPOINT" not in q["sql"]]) <= 17


def test_rows_are_in_one_order_while_new_names_are_indexed(
    as_alice, deals, monkeypatch
):
    """By what owners are called today, whether a row has changed since or not."""
    deals.schema["fields"] += [{"name": "who", "label": "Who", "kind": "user"}]
    deals.schema["lookups"] = {"owner": {"41": "Ana", "42": "Bo"}}
    deals.save()
    put(
        deals,
        5,
        b=("Birch", "7", "new", {"who": "41"}),
        c=("Cedar", "3", "won", {"who": "42"}),
        d=("Dogwood", "9", "new", {"who": "41"}),
    )
    put(deals, 7, b=("Birch", "8", "new", {"who": "41"}))
    asked = {"sort": "who", "who__filled": "1"}
    assert names(ask(as_alice, deals, 6, **asked)) == ["Birch", "Dogwood", "Cedar"]
    deals.schema["lookups"] = {"owner": {"41": "Zoe", "42": "Bo"}}
    deals.save()
    monkeypatch.setattr(indexes, "SMALL", 0)

    page = ask(as_alice, deals, 6, **asked)

    assert names(page) == ["Cedar", "Birch", "Dogwood"]

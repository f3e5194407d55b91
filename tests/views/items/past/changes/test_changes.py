"""The page of changes: what was, what is, filtered, and whose."""

from datetime import timedelta

import pytest

from integrations.models import Item, ItemChange
from integrations.models.accounts.preferences import preferences_of
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.items.history import changes as service
from integrations.services.items.storage import store
from integrations.views.items.past import changed_fields
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_finished_run,
    make_item,
    make_items,
)
from tests.views.items.past.changes.entries import (
    PATH,
    change,
    entries,
    keys,
    put,
    walk,
)


def test_a_sync_says_what_was_and_what_is_in_words(as_alice, deals):
    put(deals, dealstage="s1", amount="5")
    put(deals, dealstage="s2", amount="5", at=NOON + timedelta(hours=1))

    [entry] = entries(as_alice.get(PATH))

    assert entry["item"].name == "Big deal"
    assert [(f["label"], f["old"], f["new"]) for f in entry["fields"]] == [
        ("Stage", "Open", "Won")
    ]


def test_what_was_deleted_says_what_became_of_it(as_alice, deals):
    put(deals, amount="5")
    gone = {deals.items.get().pk: Deletion(kind=DeletionKind.ARCHIVED)}
    store.soft_delete(deals, gone, run_id=None, now=NOON)

    [entry] = entries(as_alice.get(PATH))

    assert entry["kind"] == "deleted"
    assert "archived" in entry["why"].lower()


def test_days_are_those_of_whoever_looks(as_alice, alice, deals):
    chosen = preferences_of(alice)
    chosen.user, chosen.time_zone = alice, "Asia/Tokyo"
    chosen.save()
    late = NOON.replace(hour=16)
    item = make_item(deals)
    one, two = change(item, at=late), change(item, at=late - timedelta(hours=2))

    page = as_alice.get(PATH)

    assert [day["name"] for day in page.context["days"]] == ["2 Nov 2026", "1 Nov 2026"]
    first, second = (as_alice.get(day["url"]) for day in page.context["days"])
    assert (keys(first), keys(second)) == ([one.pk], [two.pk])


def test_every_change_is_on_one_page_exactly_newest_first(as_alice, alice, deals):
    other = make_collection(make_connection(alice, provider="notion", remote_id="n"))
    items = [make_item(deals), make_item(other)]
    for n in range(120):
        change(items[n % 2], at=NOON + timedelta(minutes=n // 5))

    newest = ItemChange.objects.order_by("-at", "-pk").values_list("pk", flat=True)
    assert walk(as_alice, PATH) == list(newest)


FILTERED = (
    ("provider=notion", ["page"]),
    ("type=deal", ["stage", "gone"]),
    ("kind=deleted", ["gone"]),
    ("field=properties.dealstage", ["stage"]),
    ("field=name", ["page"]),
    ("type=deal&kind=deleted", ["gone"]),
    ("day=2026-11-01", ["page", "stage", "gone"]),
    ("day=2026-11-02", []),
    ("field=%22%27%5D%24", []),
    ("type=%25&kind=y&day=0001-01-01&run=z&after=z", ["page", "stage", "gone"]),
)


def test_each_filter_leaves_exactly_what_it_says(as_alice, alice, deals, subtests):
    deal = make_item(deals)
    page = make_item(
        make_collection(
            make_connection(alice, provider="notion", remote_id="n"),
            remote_id="pages",
            item_type="page",
        )
    )
    made = {
        "page": change(page, at=NOON + timedelta(minutes=3)),
        "stage": change(
            deal,
            at=NOON + timedelta(minutes=2),
            fields={"properties.dealstage": ["s1", "s2"]},
        ),
        "gone": change(deal, kind="deleted", fields={"deletion": "deleted"}),
    }

    for query, which in FILTERED:
        with subtests.test(query=query, which=which):
            assert keys(as_alice.get(f"{PATH}?{query}")) == [
                made[name].pk for name in which
            ]


@pytest.mark.parametrize(
    ("query", "is_said"),
    [
        ("field=nix", True),
        ("field=properties.nix&type=deal", True),
        ("field=properties.former", False),
        ("field=properties.amount", False),
        ("field=name", False),
        ("kind=deleted", False),
    ],
)
def test_a_field_that_nothing_has_is_said(as_alice, deals, query, is_said):
    change(make_item(deals), fields={"properties.former": ["1", "2"]})

    page = as_alice.get(f"{PATH}?{query}")

    assert ('data-code="unknown_field"' in page.text) is is_said


def test_no_field_is_unknown_while_schemas_are_left(as_alice, deals, monkeypatch):
    monkeypatch.setattr(changed_fields, "MOST_SCHEMAS", 0)
    change(make_item(deals))

    page = as_alice.get(f"{PATH}?field=properties.nix")

    assert keys(page) == []
    assert 'data-code="unknown_field"' not in page.text


def test_what_is_rare_is_looked_for_a_stretch_at_a_time(as_alice, deals, monkeypatch):
    monkeypatch.setattr(service, "LOOKED_AT", 10)
    item = make_item(deals)
    rare = change(item, kind="restored")
    for n in range(25):
        change(item, at=NOON + timedelta(minutes=n + 1))

    page = as_alice.get(f"{PATH}?kind=restored")

    assert keys(page) == []
    assert 'data-code="looked_until"' in page.content.decode()
    assert walk(as_alice, page.context["next_url"]) == [rare.pk]


def test_nobody_sees_anothers_changes_by_any_address(as_bob, connection, deals):
    run = make_finished_run(connection)
    change(make_item(deals, name="Secret plan"), run=run)

    for query in ("", f"?run={run.pk}", f"?connection={connection.pk}", "?type=deal"):
        page = as_bob.get(f"{PATH}{query}")

        assert entries(page) == []
        assert "Secret plan" not in page.content.decode()


def test_the_page_takes_few_queries(as_alice, deals, django_assert_max_num_queries):
    make_items(deals, [{"name": f"D{n}"} for n in range(60)])
    for item in Item.objects.select_related("connection"):
        change(item, fields={"properties.dealstage": ["s1", "s2"]})

    as_alice.get(PATH)
    for query in ("", "?type=deal"):
        with django_assert_max_num_queries(12):
            as_alice.get(f"{PATH}{query}")


def test_a_day_of_a_million_is_found_by_the_index(connection, deals):
    from django.db import connection as database

    rows = ItemChange.objects.filter(connection=connection, at__lt=NOON)
    plan = rows.order_by("-at", "-pk").explain()

    assert "item_change_of_connection" in plan or database.vendor == "postgresql"
    assert "TEMP B-TREE" not in plan


def test_of_several_accounts_of_a_provider_each_change_names_its_own(as_alice, deals):
    change(make_item(deals))
    [entry] = entries(as_alice.get(PATH))
    assert entry["account"] == ""

    other = make_connection(
        deals.connection.owner, remote_id="2:1", account_name="Second"
    )
    change(make_item(make_collection(other)))

    shown = entries(as_alice.get(PATH))
    titles = [entry["account"] for entry in shown]
    assert len(set(titles)) == 2
    assert all(titles)
    page = as_alice.get(PATH).content.decode()
    assert all(f"<bdi>{title}</bdi>" in page for title in titles)

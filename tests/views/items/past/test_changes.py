"""The page of changes: what was, what is, filtered, and since the last look."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import Item, ItemChange
from integrations.models.accounts.preferences import preferences_of
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.history import changes as service
from integrations.services.items.storage import store
from integrations.views.items.past import changed_fields
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_deals,
    make_finished_run,
    make_item,
    make_items,
)

PATH = "/changes/"
FIELDS = [
    {
        "name": "dealstage",
        "label": "Stage",
        "kind": "choice",
        "options": {"s1": "Open", "s2": "Won"},
    },
    {"name": "amount", "label": "Amount", "kind": "number"},
]


@pytest.fixture
def deals(connection):
    return make_deals(connection, FIELDS)


def put(collection, *, run=None, at=NOON, **properties):
    """Store an item as a sync finds it."""
    item = IntegrationItem(
        id="1", type=collection.item_type, name="Big deal", properties=properties
    )
    run_id = run.pk if run else None
    return store.store_page(collection, [item], run_id=run_id, now=at)


def change(item, *, at=NOON, **values):
    return ItemChange.objects.create(
        item=item,
        connection=item.connection,
        at=at,
        **{"kind": "changed", "fields": {"name": ["Old", "New"]}, **values},
    )


def entries(page):
    return [entry for day in page.context["days"] for entry in day["entries"]]


def keys(page):
    return [entry["pk"] for entry in entries(page)]


def walk(client, path):
    """Return the keys of all pages."""
    found = []
    while path:
        page = client.get(path)
        found += keys(page)
        path = page.context["next_url"]
    return found


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


@pytest.mark.parametrize(
    ("query", "which"),
    [
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
    ],
)
def test_each_filter_leaves_exactly_what_it_says(as_alice, alice, deals, query, which):
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

    assert keys(as_alice.get(f"{PATH}?{query}")) == [made[name].pk for name in which]


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


def test_a_runs_numbers_lead_to_exactly_those(as_alice, connection, deals):
    deals.first_full_refresh_at = NOON - timedelta(days=1)
    deals.save()
    run = make_finished_run(connection)
    put(deals, dealstage="s1", run=run, at=NOON + timedelta(seconds=3))
    put(deals, dealstage="s2", run=run, at=NOON + timedelta(seconds=5))
    other = make_finished_run(
        connection,
        started_at=NOON + timedelta(hours=1),
        finished_at=NOON + timedelta(hours=2),
    )
    put(deals, dealstage="s1", run=other, at=NOON + timedelta(hours=1, minutes=1))
    make_item(deals, first_seen_at=NOON + timedelta(hours=1))

    lists = as_alice.get(run.get_absolute_url()).context["lists"]

    [changed] = entries(as_alice.get(lists["changed"]))
    assert (changed["run"], changed["fields"][0]["new"]) == (run, "Won")
    assert entries(as_alice.get(lists["deleted"])) == []
    new = as_alice.get(lists["new"])
    assert [item.name for item in new.context["items"]] == ["Big deal"]


def test_what_was_marked_as_seen_is_not_new_any_more(as_alice, alice, deals):
    item = make_item(deals)
    change(item)
    page = as_alice.get(PATH)
    change(item, at=NOON + timedelta(minutes=1))

    as_alice.post(
        reverse("integrations:changes-seen"), {"until": page.context["latest"]}
    )

    page = as_alice.get(PATH)
    assert page.context["unseen_text"] == "1 change"
    assert len(keys(as_alice.get(page.context["unseen_url"]))) == 1
    # The newest change that was shown says when, and not when the button was pressed.
    assert page.context["seen_at"] == NOON
    assert "Seen up to <time" in " ".join(page.content.decode().split())


def test_looking_alone_marks_nothing_and_no_mark_goes_back(as_alice, alice, deals):
    change(make_item(deals))
    as_alice.get(PATH)
    assert preferences_of(alice).changes_seen_at is None

    for until in (NOON, NOON - timedelta(days=1)):
        as_alice.post("/changes/seen/", {"until": until.isoformat()})

    assert preferences_of(alice).changes_seen_at == NOON


@pytest.mark.parametrize(
    "until",
    [
        *("", "x", "2026-13-45", "2026-11-01", "9999-01-01T00:00Z"),
        *("0001-01-01T00:00Z", "0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"),
    ],
)
def test_an_odd_mark_is_none(as_alice, alice, until):
    assert as_alice.post("/changes/seen/", {"until": until}).status_code == 302
    assert preferences_of(alice).changes_seen_at is None


def test_a_change_that_is_stored_after_the_mark_still_counts(as_alice, alice, deals):
    item, now = make_item(deals, first_seen_at=NOON), timezone.now()
    change(item, at=now)

    latest = as_alice.get(PATH).context["latest"]
    as_alice.post("/changes/seen/", {"until": latest})
    change(item, at=now - timedelta(seconds=1))

    seen_at = preferences_of(alice).changes_seen_at
    assert seen_at < now - timedelta(seconds=1)
    assert as_alice.get(PATH).context["unseen_text"] == "0 changes"


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


def came(collection, at, **values):
    """Store an item that came after everything of its collection had been read."""
    item = make_item(collection, **values)
    Item.objects.filter(pk=item.pk).update(
        first_seen_at=at, new_at=at, changed_at=values.get("changed_at", at)
    )
    item.refresh_from_db()
    return item


def test_what_came_stands_among_the_changes_in_the_order_of_time(as_alice, deals):
    old = make_item(deals)
    late = change(old, at=NOON + timedelta(minutes=2))
    first, second = (came(deals, NOON + timedelta(minutes=1)) for _ in range(2))
    early = change(old, at=NOON)

    shown = entries(as_alice.get(PATH))

    told = [(each["kind"], each["item"].pk) for each in shown]
    assert told == [
        ("changed", old.pk),
        ("new", first.pk),
        ("new", second.pk),
        ("changed", old.pk),
    ]
    assert [shown[0]["pk"], shown[-1]["pk"]] == [late.pk, early.pk]
    only = as_alice.get(f"{PATH}?kind=new")
    assert [each["item"].pk for each in entries(only)] == [first.pk, second.pk]
    kind = next(f for f in only.context["filters"] if f["name"] == "kind")
    assert ("new", "New") in kind["choices"]


def test_every_page_of_what_came_and_changed_follows_the_one_before(
    as_alice, deals, monkeypatch
):
    monkeypatch.setattr(service, "PAGE_SIZE", 3)
    expected = []
    for number in range(7):
        at = NOON + timedelta(minutes=number // 3)
        expected.append((at, change(make_item(deals), at=at).pk))
        expected.append((at, -came(deals, at).pk))
    expected.sort(reverse=True)

    assert walk(as_alice, PATH) == [key for _, key in expected]
    new = [key for _, key in expected if key < 0]
    assert walk(as_alice, f"{PATH}?kind=new") == new
    assert walk(as_alice, f"{PATH}?kind=new&type=deal&provider=hubspot") == new
    assert walk(as_alice, f"{PATH}?kind=new&type=contact") == []


def test_nobody_sees_what_came_to_others(as_bob, bob, deals):
    make_collection(make_connection(bob))
    came(deals, NOON)

    assert entries(as_bob.get(PATH)) == []


def test_a_day_leads_to_lists_of_exactly_its_items(as_alice, alice, deals):
    contacts = make_collection(deals.connection)
    records = make_collection(
        make_connection(alice, provider="airtable"), remote_id="a/t", item_type="record"
    )
    expected = {}
    for place in (deals, contacts, records):
        changed, again, gone, back, new = (make_item(place) for _ in range(5))
        rows = [changed, again, gone, back]
        for item in (changed, again):
            change(item)
            change(item, at=NOON + timedelta(hours=1))
        # What happens later says nothing of the day.
        change(again, at=NOON + timedelta(days=2))
        change(make_item(place), at=NOON + timedelta(days=1))
        change(gone, kind="deleted", fields={})
        change(back, kind="deleted", fields={}, at=NOON - timedelta(days=3))
        change(back, kind="restored", fields={})
        latest = {changed: 1 / 24, again: 2, gone: 0, back: 0}
        for item in rows:
            at = NOON + timedelta(days=latest[item])
            Item.objects.filter(pk=item.pk).update(
                first_seen_at=NOON - timedelta(days=9), changed_at=at
            )
        late = {"deleted_at": NOON + timedelta(days=3), "deleted_kind": "deleted"}
        Item.objects.filter(pk=changed.pk).update(**late)
        Item.objects.filter(pk=gone.pk).update(**{**late, "deleted_at": NOON})
        Item.objects.filter(pk=new.pk).update(
            first_seen_at=NOON, new_at=NOON, changed_at=NOON
        )
        name = (place.connection.provider, place.item_type)
        for kind, items in {
            "changed": [changed, again],
            "deleted": [gone],
            "restored": [back],
            "new": [new],
        }.items():
            expected[*name, kind] = {item.pk for item in items}

    [day] = as_alice.get(f"{PATH}?day={NOON.date()}").context["days"]

    assert len(day["lists"]) == len(expected) == 12
    found = {}
    for each in day["lists"]:
        page = as_alice.get(each["url"])
        query = page.context["query"]
        key = (query.provider, query.type, query.news.kind)
        found[key] = {item.pk for item in page.context["items"]}
        assert each["label"].endswith(query.news.kind)
    assert found == expected


def test_the_lists_of_a_day_that_goes_on_are_of_what_the_page_shows(
    as_alice, deals, monkeypatch
):
    monkeypatch.setattr(service, "PAGE_SIZE", 3)
    change(make_item(deals), at=NOON + timedelta(days=1))
    for minutes in range(3):
        change(make_item(deals), at=NOON - timedelta(minutes=minutes))
    gone = {"kind": "deleted", "fields": {}}
    change(make_item(deals), at=NOON - timedelta(minutes=9), **gone)
    change(make_item(deals), at=NOON - timedelta(days=1))

    pages = [as_alice.get(PATH)]
    pages.append(as_alice.get(pages[0].context["next_url"]))
    pages.append(as_alice.get(f"{PATH}?day={NOON.date()}"))
    pages.append(as_alice.get(f"{PATH}?day={NOON.date()}&kind=changed"))

    kinds = "of the kinds that this page shows"
    told = [
        [
            (day["is_part"], *(each["label"].split(", ")[1] for each in day["lists"]))
            for day in page.context["days"]
        ]
        for page in pages
    ]
    assert told == [
        [(False, "changed"), (True, "changed")],
        [(True, "changed", "deleted"), (False, "changed")],
        [(True, "changed")],
        [(False, "changed")],
    ]
    assert [page.content.decode().count(kinds) for page in pages] == [1, 1, 1, 0]


def test_the_lists_of_a_field_and_of_the_unseen_hold_no_more(as_alice, alice, deals):
    one, other, seen = (make_item(deals) for _ in range(3))
    change(one, fields={"properties.amount": [1, 2]})
    change(other)
    change(seen, at=NOON - timedelta(minutes=5))
    Item.objects.update(first_seen_at=NOON - timedelta(days=1), changed_at=NOON)
    chosen = preferences_of(alice)
    chosen.user, chosen.changes_seen_at = alice, NOON - timedelta(minutes=5)
    chosen.save()

    for asked, expected in (
        ("field=properties.amount", {one.pk}),
        ("since=unseen", {one.pk, other.pk}),
    ):
        [day] = as_alice.get(f"{PATH}?{asked}").context["days"]
        [each] = day["lists"]
        page = as_alice.get(each["url"])
        assert {item.pk for item in page.context["items"]} == expected
        assert "left out" not in page.content.decode()
    for asked in (f"item={one.uuid}", "run=00000000-0000-4000-8000-000000000000"):
        for day in as_alice.get(f"{PATH}?{asked}").context["days"]:
            assert day["lists"] == []


def test_what_changed_since_the_last_visit_is_asked_for_by_a_word(as_alice, deals):
    now = timezone.now()
    before, after = (
        change(make_item(deals), at=now - timedelta(hours=hours)) for hours in (5, 1)
    )
    session = as_alice.session
    session["seen_at"] = (now - timedelta(hours=3)).isoformat()
    session.save()

    page = as_alice.get(PATH)
    assert keys(page) == [after.pk, before.pk]
    assert page.context["visit_url"] == f"{PATH}?since=visit"
    assert keys(as_alice.get(page.context["visit_url"])) == [after.pk]
    assert "My last visit" in as_alice.get(f"{PATH}?since=visit").content.decode()


@pytest.mark.parametrize(
    ("word", "told"),
    [("visit", "no earlier visit is known"), ("unseen", "nothing was marked as seen")],
)
def test_a_time_that_nobody_knows_is_left_out_and_said(as_alice, deals, word, told):
    change(make_item(deals))

    page = as_alice.get(f"{PATH}?since={word}&kind=changed")

    assert len(entries(page)) == 1
    assert told in page.content.decode()
    assert [chip["label"] for chip in page.context["chips"]] == ["What happened"]
    assert page.context["since_word"] == ""
    [day] = page.context["days"]
    assert day["url"] == f"{PATH}?kind=changed&day={NOON.date()}"
    assert [each["label"] for each in day["lists"]] == ["HubSpot: Deal, changed"]


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

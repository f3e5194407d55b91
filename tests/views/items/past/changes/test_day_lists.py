"""Numbers of a day and of a run lead to lists of exactly their items."""

from datetime import timedelta

from integrations.models import Item
from integrations.models.accounts.preferences import preferences_of
from integrations.services.items.history import changes as service
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_finished_run,
    make_item,
)
from tests.views.items.past.changes.entries import PATH, change, entries, put


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

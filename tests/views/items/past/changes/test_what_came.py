"""What came new stands among the changes."""

from datetime import timedelta

from integrations.services.items.history import changes as service
from tests.support.rows import NOON, make_collection, make_connection, make_item
from tests.views.items.past.changes.entries import PATH, came, change, entries, walk


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

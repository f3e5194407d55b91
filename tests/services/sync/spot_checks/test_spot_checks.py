"""Spot checks find what is stored wrongly, mend it, and say what that proves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from msgspec.structs import replace

from integrations.models import Collection, Connection, Item, ItemChange, SpotCheck
from integrations.providers.hubspot.connector import HubSpot
from integrations.providers.records import LAGGING_KEY, Page
from integrations.providers.typed.definitions import NAMING
from integrations.services.sync.spot_checks import due, results
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import live

Check = Callable[..., Any]


def later(hours: float = 13) -> datetime:
    return timezone.now() + timedelta(hours=hours)


@pytest.fixture(autouse=True)
def unhurried(settings: Any) -> None:
    """Let no slice end before its checks, however slow the machine is."""
    settings.SLICE_SECONDS = 3600


@pytest.fixture
def check(synced: Connection, finish_sync: FinishSync) -> Check:
    """Return what runs a scheduled sync some hours later."""

    def run(hours: float = 13) -> Any:
        with time_machine.travel(later(hours)):
            return finish_sync(synced, trigger="schedule")

    return run


def contacts_check() -> SpotCheck:
    return SpotCheck.objects.get(collection__remote_id="contacts")


def alter(count: int, **columns: Any) -> list[int]:
    """Alter stored contacts, so that nothing else shows it."""
    keys = list(Item.objects.filter(type="contact").values_list("pk", flat=True))
    chosen = keys[::7][:count]
    Item.objects.filter(pk__in=chosen).update(**columns)
    return chosen


def test_what_was_altered_silently_is_found_mended_and_read_again(
    check: Check, connection: Connection, finish_sync: FinishSync
) -> None:
    before = {each.pk: each for each in Item.objects.all()}
    named = alter(2, name="Somebody else")
    moved = Item.objects.filter(type="contact").exclude(pk__in=named)[0]
    properties = {**moved.properties, "city": "Atlantis"}
    Item.objects.filter(pk=moved.pk).update(properties=properties)

    run = check()

    found, number = contacts_check(), len(live("contacts"))
    assert (found.checked, found.differing, found.missing) == (number, 3, 0)
    assert run.outcome == "complete"
    for key in (*named, moved.pk):
        item = Item.objects.get(pk=key)
        assert item.name == before[key].name
        assert item.properties == before[key].properties
    changes = ItemChange.objects.filter(item__in=named, run=run)
    assert [each.fields["name"][0] for each in changes] == ["Somebody else"] * 2
    # Three of 130 are more than one in a thousand.
    wanted = Collection.objects.filter(full_refresh_wanted_at__isnull=False)
    assert [each.remote_id for each in wanted] == ["contacts"]
    generation = wanted.get().generation
    (again,) = alter(1, name="Somebody else")
    finish_sync(connection, trigger="schedule")
    # Nothing but its name told that it was altered, and no digest.
    assert Item.objects.get(pk=again).name == before[again].name
    contacts = Collection.objects.get(remote_id="contacts")
    assert contacts.generation == generation + 1
    assert contacts.full_refresh_wanted_at is None


def forget_field(schema: dict[str, Any], properties: dict[str, Any]) -> None:
    """Be as before a property was made that contacts have."""
    rest = [each for each in schema["fields"] if each["name"] != "jobtitle"]
    schema["fields"] = rest
    schema["requested"] = [name for name in schema["requested"] if name != "jobtitle"]
    properties.pop("jobtitle", None)


def make_up_field(schema: dict[str, Any], properties: dict[str, Any]) -> None:
    """Be as before a property was removed that contacts had."""
    field = {"name": "shoe_size", "label": "Shoe size", "kind": "text"}
    if schema["fields"][-1]["name"] != "shoe_size":
        schema["fields"] = [*schema["fields"], field]
    schema["requested"] = [*schema["requested"], "shoe_size"]
    properties["shoe_size"] = "42"


@pytest.mark.parametrize("change", [forget_field, make_up_field])
def test_what_lags_behind_changed_fields_is_mended_and_not_wrong(
    check: Check,
    settings: Any,
    change: Callable[[dict[str, Any], dict[str, Any]], None],
) -> None:
    contacts = Collection.objects.get(remote_id="contacts")
    generation = contacts.generation
    for item in Item.objects.filter(type="contact"):
        change(contacts.schema, item.properties)
        item.save(update_fields=["properties"])
    contacts.save(update_fields=["schema"])
    settings.LATE_ARRIVAL_MINUTES = 0

    check()

    found = contacts_check()
    assert (found.checked, found.differing) == (len(live("contacts")), 0)
    contacts.refresh_from_db()
    assert contacts.full_refresh_wanted_at is None
    assert contacts.generation == generation
    assert contacts.pending_reason == "fields_changed"


def test_digits_that_were_left_out_are_mended_and_not_wrong(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = HubSpot.fetch_items

    def fetch_with_numbers(*args: Any, **kwargs: Any) -> Page:
        page = fetch(*args, **kwargs)
        told = {"city": 100 / 3, "zip": [100 / 3]}
        items = [
            replace(each, properties={**each.properties, **told})
            if each.id == remote_id
            else each
            for each in page.items
        ]
        return replace(page, items=items)

    rounded = {"city": 33.3333333333333, "zip": [33.3333333333333]}
    item = Item.objects.filter(type="contact")[0]
    remote_id = item.remote_id
    Item.objects.filter(pk=item.pk).update(properties={**item.properties, **rounded})
    monkeypatch.setattr(HubSpot, "fetch_items", fetch_with_numbers)

    check()

    assert (contacts_check().checked > 0, contacts_check().differing) == (True, 0)
    item.refresh_from_db()
    assert item.properties["zip"] == [100 / 3]


def test_names_that_follow_from_another_field_are_mended_and_not_wrong(
    check: Check,
) -> None:
    contacts = Collection.objects.get(remote_id="contacts")
    contacts.schema[LAGGING_KEY] = [NAMING]
    contacts.save(update_fields=["schema"])
    Item.objects.filter(type="contact").update(name="Before")

    check()

    found = contacts_check()
    assert (found.checked, found.differing) == (len(live("contacts")), 0)
    assert not Item.objects.filter(type="contact", name="Before").exists()


def test_every_column_that_was_altered_is_found(check: Check) -> None:
    altered = {
        "type": "deal",
        "name": "Other",
        "sort_name": "other",
        "is_directory": True,
        "children": ["1"],
        "mime_type": "text/plain",
        "is_visible": False,
        "remote_created_at": later(-48),
        "remote_updated_at": later(-48),
    }
    keys = list(Item.objects.filter(type="contact").values_list("pk", flat=True))
    for key, (name, value) in zip(keys, altered.items(), strict=False):
        Item.objects.filter(pk=key).update(**{name: value})

    check()

    assert contacts_check().differing == len(altered)
    check(38)
    assert SpotCheck.objects.filter(differing__gt=0).count() == 1


def test_nothing_is_claimed_of_what_changed_lately(
    check: Check, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone edits a contact just before it is read again, and deletes another."""
    contacts = sorted(live("contacts"), key=int)
    fetch = HubSpot.fetch_items
    done = []

    def fetch_items(self: Any, api: Any, context: Any, *args: Any, **more: Any) -> Any:
        if not done and context.remote_id == "contacts":
            done.append(True)
            sandbox.client.command(
                "records/edit", id=contacts[0], property="city", value="Bergen"
            )
            sandbox.client.command("records/archive", id=contacts[1])
        return fetch(self, api, context, *args, **more)

    monkeypatch.setattr(HubSpot, "fetch_items", fetch_items)

    check()

    found = contacts_check()
    assert (found.differing, found.missing) == (0, 1)
    assert found.checked == len(contacts) - 2


def test_links_that_changed_are_mended_and_not_called_wrong(
    check: Check, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HubSpot, "link_properties", lambda *_args: ())
    company = max(live("companies"), key=int)
    ids = sandbox.client.command("records/relink", company=company, count=4)["ids"]

    check()

    assert contacts_check().differing == 0
    rows = Item.objects.filter(type="contact", remote_id__in=ids)
    assert {each.parent_remote_id for each in rows} == {company}


def test_checks_are_made_once_a_day_and_go_on_where_they_were(
    check: Check, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's calls are not enough for the contacts."""
    monkeypatch.setattr(due, "MOST_CALLS", 2)
    check(11)
    assert not SpotCheck.objects.exists()
    check(13)
    assert SpotCheck.objects.get().ended_at is None

    for hours in (14, 15, 16, 17):
        check(hours)

    checks = {each.collection.remote_id: each for each in SpotCheck.objects.all()}
    assert checks.keys() == {"contacts", "companies", "deals"}
    for kind, each in checks.items():
        assert (each.checked, each.ended_at is None) == (len(live(kind)), False)


def test_a_check_that_a_clock_ahead_has_dated_stands_for_nothing(
    check: Check, connection: Connection
) -> None:
    contacts = Collection.objects.get(remote_id="contacts")
    ahead = {"began_at": later(24 * 30), "ended_at": later(24 * 30)}
    kept = {"number": 7, "parts": 1, "population": 340, "checked": 340}
    SpotCheck.objects.create(collection=contacts, requests=9999, **kept, **ahead)

    for hours in (13.0, 13.4, 13.8):
        check(hours)

    checks = contacts.spot_checks.exclude(number=7)
    assert checks.count() == 1
    assert not results.proofs_of([contacts], now=timezone.now())
    assert results.proofs_of([contacts], now=later(14))


def test_a_day_costs_a_hundredth_of_its_calls_at_most(
    check: Check, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HubSpot, "calls_a_day", 200)
    check(13)

    for hours in range(14, 18):
        check(hours)

    spent = sum(SpotCheck.objects.values_list("requests", flat=True))
    assert 0 < spent <= 2 + 1
    assert sandbox.count("/batch/read") >= spent


def test_a_check_that_fails_fails_no_sync(check: Check, sandbox: Any) -> None:
    alter(3, name="Somebody else")
    sandbox.client.command(
        "faults/add", kind="status", status=500, path="contacts/batch/read", count=40
    )

    assert check().outcome == "complete"

    assert not SpotCheck.objects.filter(checked__gt=0).exists()
    sandbox.client.command("faults/clear")
    check(14)
    assert contacts_check().differing == 3


def test_what_cannot_be_read_is_neither_checked_nor_missing(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(*asked: Any, **_: Any) -> Page:
        ids = [each.id for each in asked[3]]
        return Page(items=[], next_cursor=None, unreadable_ids=ids)

    monkeypatch.setattr(HubSpot, "fetch_items", fetch)

    check()

    assert (contacts_check().checked, contacts_check().missing) == (0, 0)


def test_the_checks_of_seven_days_are_added_up_and_none_counts_twice(
    synced: Connection,
) -> None:
    contacts = Collection.objects.get(remote_id="contacts")
    Collection.objects.filter(pk=contacts.pk).update(stored_count=28_000)
    now = timezone.now()
    for number in range(10):
        began = now - timedelta(days=9 - number, minutes=5)
        SpotCheck.objects.create(
            collection=contacts,
            number=number,
            parts=16,
            population=28_000,
            checked=1_000,
            differing=int(number == 9),
            began_at=began,
            ended_at=began,
        )
    SpotCheck.objects.create(
        collection=contacts, number=10, parts=16, population=28_000, began_at=now
    )

    proof = results.proofs_of(list(Collection.objects.all()), now=now)[contacts.pk]

    assert (proof.population, proof.checked, proof.differing) == (28_000, 7_000, 1)


def test_a_collection_that_cannot_be_checked_keeps_no_other_from_it(
    check: Check, sandbox: Any
) -> None:
    """It costs its call once a day, and not at every sync."""
    sandbox.client.command(
        "faults/add", kind="status", status=404, path="2026-09/contacts/batch", count=40
    )

    check()
    check(14)

    assert (contacts_check().checked, contacts_check().requests) == (0, 1)
    checked = SpotCheck.objects.filter(checked__gt=0)
    assert {each.collection.remote_id for each in checked} == {"companies", "deals"}


def test_the_calls_of_every_check_that_fails_are_counted(
    check: Check, sandbox: Any
) -> None:
    for name in ("contacts", "companies"):
        path = f"2026-09/{name}/batch"
        fault = {"kind": "status", "status": 404, "path": path, "count": 40}
        sandbox.client.command("faults/add", **fault)

    run = check()

    spent = sum(SpotCheck.objects.values_list("requests", flat=True))
    assert spent >= 3
    run.refresh_from_db()
    assert run.spot_check_requests == spent

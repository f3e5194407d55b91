"""Links that change without a date are found by a pass that every sync goes on with."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from integrations.models import Collection, Connection, Item, ItemChange, ItemLink
from integrations.providers.hubspot.connector import HubSpot
from integrations.services.sync.refresh import link_refresh
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import live


@pytest.fixture(autouse=True)
def unhurried(settings: Any) -> None:
    """Let no slice end before its checks, however slow the machine is."""
    settings.SLICE_SECONDS = 3600


def relink(sandbox: Any, company: str, **params: Any) -> list[str]:
    done = sandbox.client.command("records/relink", company=company, **params)
    return list(done["ids"])


def some_company() -> str:
    """Return a company that no contact belongs to, or few."""
    return str(max(live("companies"), key=int))


def at(minutes: float) -> datetime:
    return timezone.now() + timedelta(minutes=minutes)


def links_of(ids: list[str], kind: str = "contacts") -> list[Any]:
    rows = Item.objects.filter(collection__remote_id=kind, remote_id__in=ids)
    return [row.properties["associations.companies"] for row in rows]


def test_links_changed_without_a_date_are_found_within_the_half_hour(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    company, count = some_company(), len(live("contacts"))
    contacts = relink(sandbox, company, type="contacts", count=count)
    deals = relink(sandbox, company, type="deals", count=10)
    before = {i.pk: i for i in Item.objects.all()}

    with time_machine.travel(at(15)):
        run = finish_sync(synced, trigger="schedule")

    assert run.outcome == "complete"
    assert links_of(contacts) == [[company]] * count
    assert links_of(deals, "deals") == [[company]] * 10
    parents = Item.objects.filter(remote_id__in=contacts, type="contact")
    assert set(parents.values_list("parent_remote_id", flat=True)) == {company}
    changed = ItemChange.objects.filter(kind="changed", run=run)
    assert run.changed == changed.count() > count
    assert {n for each in changed for n in each.fields} <= {
        "properties.associations.companies",
        "properties.associations.companies.labels",
        "parent_remote_id",
    }
    for item in Item.objects.exclude(pk__in=changed.values("item")):
        assert item.changed_at == before[item.pk].changed_at
    assert not finish_sync(synced, full=True).changed


def test_a_user_who_asks_for_a_sync_gets_fresh_links_at_once(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    contacts = relink(sandbox, some_company(), type="contacts", count=3)

    assert finish_sync(synced, trigger="schedule").changed == 0
    assert finish_sync(synced, trigger="user").changed == 3

    assert links_of(contacts) == [[some_company()]] * 3


@pytest.mark.parametrize("kind", ["schedule", "user"])
def test_a_label_that_was_given_or_taken_is_found_without_a_date(
    synced: Connection, finish_sync: FinishSync, sandbox: Any, kind: str
) -> None:
    company = some_company()
    (contact,) = relink(sandbox, company, count=1, label="Decision maker")
    with time_machine.travel(at(15)):
        finish_sync(synced, trigger=kind)
    given = ItemLink.objects.get(
        item__remote_id=contact, relation="associations.companies"
    )
    relink(sandbox, company, count=1)

    with time_machine.travel(at(30)):
        run = finish_sync(synced, trigger=kind)

    assert (given.target_remote_id, given.labels) == (company, ["Decision maker"])
    given.refresh_from_db()
    assert given.labels == []
    change = ItemChange.objects.get(run=run, item__remote_id=contact)
    assert change.fields == {
        "properties.associations.companies.labels": [
            {company: ["Decision maker"]},
            None,
        ]
    }


def test_a_link_that_is_taken_away_is_history_of_its_item(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    (contact,) = relink(sandbox, some_company(), type="contacts", count=1)
    finish_sync(synced)
    relink(sandbox, "", type="contacts", count=1)

    finish_sync(synced)

    item = Item.objects.get(type="contact", remote_id=contact)
    assert (links_of([contact]), item.parent_remote_id) == ([[]], "")
    change = item.changes.first()
    assert change is not None
    assert change.fields["properties.associations.companies"] == [[some_company()], []]


def test_the_age_of_links_is_that_of_the_last_whole_pass(
    synced: Connection, finish_sync: FinishSync
) -> None:
    known = dict(Collection.objects.values_list("remote_id", "links_read_at"))
    assert known["companies"] is None
    later = at(15)

    with time_machine.travel(later, tick=False):
        finish_sync(synced, trigger="schedule")

    known = dict(Collection.objects.values_list("remote_id", "links_read_at"))
    assert known == {"contacts": later, "deals": later, "companies": None}


def test_what_a_day_may_cost_bounds_the_passes_and_none_starves(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten records a call, and as few calls as a portal of twenty times the size."""
    monkeypatch.setattr(HubSpot, "links_per_call", 10)
    monkeypatch.setattr(HubSpot, "calls_a_day", 50_000)
    finish_sync(connection)
    start, calls_before = at(0), sandbox.count("/crm/associations/")
    ages = []

    for number in range(1, 7):
        now = start + number * timedelta(minutes=20)
        with time_machine.travel(now, tick=False):
            finish_sync(connection, trigger="schedule")
        known = Collection.objects.filter(links_read_at__isnull=False)
        ages.append(now - min(known.values_list("links_read_at", flat=True)))

    spent = sandbox.count("/crm/associations/") - calls_before
    burst = link_refresh.BURST / timedelta(days=1)
    assert spent <= 50_000 * link_refresh.SHARE * (2 / 24 + burst) + 10
    assert ages[-1] < timedelta(hours=2)


def test_twenty_thousand_records_cost_two_percent_at_most() -> None:
    """At a sync every 15 minutes; a deal has links of two kinds, a contact of one."""
    calls = 20_000 / HubSpot.links_per_call * 2

    assert calls * 24 * 4 <= link_refresh.SHARE * HubSpot.calls_a_day


def test_a_failing_pass_fails_no_sync(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    contacts = relink(sandbox, some_company(), type="contacts", count=3)
    sandbox.client.command(
        "faults/add", kind="status", status=500, path="/crm/associations/", count=40
    )

    run = finish_sync(synced)

    assert run.outcome == "complete"
    known = Collection.objects.get(remote_id="contacts").links_read_at
    sandbox.client.command("faults/clear")
    finish_sync(synced)
    assert links_of(contacts) == [[some_company()]] * 3
    assert Collection.objects.get(remote_id="contacts").links_read_at > known


def test_an_item_that_was_written_meanwhile_keeps_what_is_newer(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (contact,) = relink(sandbox, some_company(), type="contacts", count=1)
    row = Item.objects.filter(type="contact", remote_id=contact)
    fetch = HubSpot.fetch_items

    def fetch_items(*args: Any, **options: Any) -> Any:
        page = fetch(*args, **options)
        row.update(name="Newer", digest="newer")
        return page

    monkeypatch.setattr(HubSpot, "fetch_items", fetch_items)

    finish_sync(synced)

    assert row.get().name == "Newer"

"""What is not chosen is hidden and left alone; what is chosen again comes back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import AuditEvent, Collection, Connection, Item
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import Estimate, Plan, Schedule
from integrations.services.connections import quota, selection
from integrations.services.sync import policy, runs
from integrations.services.upkeep import schedule
from tests.services.fixtures import FinishSync

FREE = Plan(slug="free", name="Free", calls=1000)


def choose(connection: Connection, *remote_ids: str) -> tuple[int, int]:
    """Choose collections by their remote ids, of all that there are."""
    known = dict(connection.collections.values_list("remote_id", "pk"))
    return selection.select_collections(
        connection,
        {known[remote_id] for remote_id in remote_ids},
        offered=set(known.values()),
        actor=connection.owner,
    )


def live(remote_id: str) -> int:
    return Item.objects.live().filter(collection__remote_id=remote_id).count()


def test_what_is_deselected_is_hidden_and_not_asked_for(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    contacts = live("contacts")

    assert choose(synced, "contacts", "companies") == (0, 1)

    deals = Item.objects.filter(collection__remote_id="deals")
    assert set(deals.values_list("deleted_kind", flat=True)) == {"deselected"}
    assert Collection.objects.get(remote_id="deals").stored_count == 0
    calls = sandbox.count("/deals?")
    assert finish_sync(synced, full=True).outcome == "complete"
    assert sandbox.count("/deals?") == calls
    assert (live("contacts"), live("deals")) == (contacts, 0)
    assert AuditEvent.objects.filter(event="collections.chosen").count() == 1


def test_what_is_chosen_again_is_read_in_full(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    before = live("deals")
    choose(synced, "contacts", "companies")
    gone = Item.objects.filter(collection__remote_id="deals").earliest("pk")
    sandbox.client.command(
        "records/erase", portal="555111", type="deals", id=gone.remote_id
    )

    assert choose(synced, "contacts", "companies", "deals") == (1, 0)
    run = finish_sync(synced)

    assert (run.outcome, run.changed, run.new) == ("complete", 0, 0)

    assert live("deals") == before - 1
    gone.refresh_from_db()
    assert gone.is_deleted


def test_a_run_under_way_is_called_off_so_that_nothing_comes_back(
    synced: Connection,
) -> None:
    run, _ = runs.open_run(synced, trigger="user")

    choose(synced, "contacts")

    run.refresh_from_db()
    assert (run.outcome, run.reason) == ("cancelled", "selection_changed")


def test_choosing_what_is_chosen_already_changes_nothing(synced: Connection) -> None:
    run, _ = runs.open_run(synced, trigger="user")

    assert choose(synced, "contacts", "companies", "deals") == (0, 0)

    run.refresh_from_db()
    assert run.is_open
    assert not AuditEvent.objects.filter(event="collections.chosen").exists()


def test_what_was_not_on_the_page_stays_as_it_is(synced: Connection) -> None:
    selection.select_collections(synced, set(), offered=set(), actor=None)

    assert not Collection.objects.filter(is_selected=False).exists()


def test_many_items_are_hidden_by_the_sweep(
    synced: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "DELETED_AT_ONCE", 10)

    choose(synced, "companies", "deals")

    assert live("contacts") > 10
    hidden = schedule.sweep()["left_out"]
    assert (live("contacts"), hidden > 10) == (0, True)
    assert schedule.sweep()["left_out"] == 0


def test_a_connection_can_be_read_in_full_more_seldom(synced: Connection) -> None:
    contacts = Collection.objects.get(remote_id="contacts")
    contacts.last_full_refresh_at = timezone.now() - timedelta(hours=30)
    run, _ = runs.open_run(synced, trigger="user")
    current: Any = type("Lease", (), {"run": run, "connection": synced})()

    usual = policy.is_full_refresh_due(current, contacts, timezone.now())
    synced.full_refresh_hours = 72
    seldom = policy.is_full_refresh_due(current, contacts, timezone.now())

    assert (usual, seldom) == (True, False)


class Costly:
    """Stand in for a connector with limited calls: each item costs one a day."""

    plans = (FREE,)
    ids_unique_in = "collection"
    quota_description = "It is shared."

    def estimate(
        self, counts: Any, *, full_refresh_hours: int, **_schedule: Any
    ) -> Estimate:
        calls = {key: 720 * n // full_refresh_hours for key, n in counts.items()}
        return Estimate(collections=calls, listing=3)

    def fitting_schedule(
        self, counts: Any, *, chosen: Any, quota: int
    ) -> Schedule | None:
        calls = sum(720 * counts[key] // 168 for key in chosen)
        fits = calls <= quota
        return (
            Schedule(interval_minutes=4320, full_refresh_hours=168, calls=calls)
            if fits
            else None
        )


@pytest.fixture(scope="session")
def seeded_sandbox(seeded_small: Path) -> Path:
    """Return deals that cost more than a free plan has."""
    return seeded_small


@pytest.fixture
def costly(synced: Connection, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setitem(CONNECTORS, "hubspot", Costly())  # type: ignore[arg-type]
    return synced


def test_what_is_deselected_still_tells_what_it_would_cost(costly: Connection) -> None:
    before = quota.estimate(costly)
    known = dict(costly.collections.values_list("remote_id", "pk"))
    selection.select_collections(
        costly, {known["deals"]}, offered=set(known.values()), actor=None
    )

    assert quota.estimate(costly) == before
    assert before is not None
    assert before.collections["contacts"] > 100


def test_a_schedule_that_fits_is_used_without_a_call_at_once(
    costly: Connection,
) -> None:
    found = quota.fitting_schedule(costly, FREE, chosen=["deals"])
    assert found is not None

    quota.use_schedule(costly, found)

    costly.refresh_from_db()
    assert (costly.sync_interval_minutes, costly.full_refresh_hours) == (4320, 168)
    assert costly.next_sync_at is not None
    assert costly.next_sync_at > timezone.now() + timedelta(days=2)


def test_without_a_plan_or_a_limit_nothing_needs_to_fit(
    costly: Connection, alice: User
) -> None:
    endless = Plan(slug="big", name="Big", calls=None)

    assert quota.fitting_schedule(costly, None, chosen=["deals"]) is None
    assert quota.fitting_schedule(costly, endless, chosen=["deals"]) is None

"""Spot checks of Airtable: a hundred records a call, and only where a plan bears it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from integrations.models import Connection, Item, SpotCheck
from integrations.services.sync.spot_checks import checking, due
from tests.services.fixtures import FinishSync


@pytest.fixture(autouse=True)
def unhurried(settings: Any) -> None:
    """Let no slice end before its checks, however slow the machine is."""
    settings.SLICE_SECONDS = 3600


def check(connection: Connection, finish_sync: FinishSync, hours: float = 13) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        assert finish_sync(connection, trigger="schedule").outcome == "complete"


def test_a_plan_that_nobody_said_and_the_smallest_have_none(
    synced_few: Connection, finish_sync: FinishSync
) -> None:
    for plan in ("", "free"):
        Connection.objects.update(plan=plan)
        synced_few.refresh_from_db()
        check(synced_few, finish_sync)

        assert due.calls_a_day(synced_few) == 0
    assert not SpotCheck.objects.exists()


def test_every_record_is_as_it_is_stored_but_for_the_altered_one(
    synced_few: Connection, finish_sync: FinishSync
) -> None:
    Connection.objects.update(plan="business")
    synced_few.refresh_from_db()
    altered = Item.objects.filter(type="record", properties__isnull=False).first()
    assert altered is not None
    Item.objects.filter(pk=altered.pk).update(parent_remote_id="x", is_directory=True)

    check(synced_few, finish_sync)

    checks = SpotCheck.objects.select_related("collection")
    tables = synced_few.collections.exclude(item_type="table")
    assert checks.count() == tables.filter(stored_count__gt=0).count()
    for each in checks:
        is_altered = each.collection_id == altered.collection_id
        assert (each.differing, each.missing) == (int(is_altered), 0)
        assert each.checked == each.collection.stored_count
    kept = Item.objects.get(pk=altered.pk)
    assert (kept.parent_remote_id, kept.is_directory) == (
        altered.parent_remote_id,
        False,
    )


def test_a_team_spends_a_hundredth_of_its_day(
    synced: Connection, finish_sync: FinishSync
) -> None:
    Connection.objects.update(plan="team")
    synced.refresh_from_db()

    for hours in (13, 14):
        check(synced, finish_sync, hours)

    spent = sum(SpotCheck.objects.values_list("requests", flat=True))
    assert 0 < spent <= due.calls_a_day(synced) == 32


def test_a_record_that_was_edited_lately_is_not_called_wrong(
    synced_few: Connection, finish_sync: FinishSync, airtable: Any, monkeypatch: Any
) -> None:
    """It is edited between the sync and the check of the same run."""
    Connection.objects.update(plan="business")
    synced_few.refresh_from_db()
    go_on = checking.go_on

    def edit_first(lease: Any) -> None:
        airtable.do("records/touch", table="Items", count=2)
        go_on(lease)

    monkeypatch.setattr(checking, "go_on", edit_first)

    check(synced_few, finish_sync)

    total = sum(SpotCheck.objects.values_list("checked", flat=True))
    assert not SpotCheck.objects.filter(differing__gt=0).exists()
    assert total == Item.objects.live().filter(type="record").count() - 2

"""Our clock is forty minutes off the provider's: nothing is missed, nothing stuck."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations.models import Collection, Connection, Item, ProviderState
from integrations.services.upkeep import schedule
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, touch

pytestmark = pytest.mark.django_db(transaction=True)
MINUTES = timedelta(minutes=40)
Off = Callable[[timedelta], Any]


@pytest.fixture
def off(sandbox: Any) -> Off:
    """Return what sets our clock ahead or back, but not the provider's."""

    @contextmanager
    def set_clock(by: timedelta) -> Iterator[None]:
        with time_machine.travel(timezone.now() + by, tick=True):
            sandbox.client.sandbox.clock = lambda: time.time() - by.total_seconds()
            try:
                yield
            finally:
                sandbox.client.sandbox.clock = time.time

    return set_clock


def cities() -> set[Any]:
    return {item.properties.get("city") for item in Item.objects.filter(type="contact")}


@pytest.mark.parametrize("by", [MINUTES, -MINUTES])
def test_edits_are_found_while_our_clock_is_off_and_after_it_is_set(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    off: Off,
    by: timedelta,
) -> None:
    with off(by):
        finish_sync(connection)
        touch(sandbox, count=1, property="city", value="Bergen")
        assert finish_sync(connection, trigger="schedule").outcome == "complete"
        assert "Bergen" in cities()
        touch(sandbox, count=1, offset=1, property="city", value="Oslo")

    schedule.sweep()
    schedule.dispatch_due()

    # What was planned by a clock ahead is due; the other's plan stands.
    is_due = by > timedelta(0)
    assert connection.runs.exclude(state="finished").exists() is is_due
    assert finish_sync(connection, trigger="schedule").outcome == "complete"
    assert "Oslo" in cities()
    assert_equal_to(sandbox)
    touch(sandbox, count=1, offset=2, property="city", value="Vardø")
    generations = set(Collection.objects.values_list("pk", "generation"))
    finish_sync(connection, trigger="schedule")
    assert "Vardø" in cities()
    # It has settled: a full refresh for each of them would be the price for ever.
    assert set(Collection.objects.values_list("pk", "generation")) == generations


@pytest.mark.parametrize(("by", "where"), [(MINUTES, "ahead of"), (-MINUTES, "behind")])
def test_a_clock_that_is_off_is_told_once_and_where_it_matters(
    connection: Connection,
    finish_sync: FinishSync,
    off: Off,
    client: Client,
    alice: User,
    caplog: pytest.LogCaptureFixture,
    by: timedelta,
    where: str,
) -> None:
    with off(by):
        finish_sync(connection)
        finish_sync(connection)
        state = ProviderState.objects.get(pk="hubspot")
        client.force_login(alice)
        page = client.get(connection.get_absolute_url()).content.decode()

    assert state.clock_skew_seconds == pytest.approx(by.total_seconds(), abs=30)
    told = [r for r in caplog.records if r.getMessage().startswith("clock skew")]
    assert len(told) == 1
    assert f"{where} that of HubSpot" in page

    finish_sync(connection)

    state.refresh_from_db()
    assert state.clock_skew_seconds is None
    page = client.get(connection.get_absolute_url()).content.decode()
    assert "clock of this site" not in page

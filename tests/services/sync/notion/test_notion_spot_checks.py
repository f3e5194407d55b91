"""Spot checks of Notion: one object a call, whatever it is."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from integrations.models import Connection, Item, SpotCheck
from tests.services.fixtures import FinishSync


@pytest.fixture(autouse=True)
def unhurried(settings: Any) -> None:
    """Let no slice end before its checks, however slow the machine is."""
    settings.SLICE_SECONDS = 3600


def test_every_object_is_as_it_is_stored_but_for_the_altered_one(
    synced: Connection, finish_sync: FinishSync
) -> None:
    Connection.objects.update(sync_interval_minutes=1440)
    synced.refresh_from_db()
    altered = Item.objects.live().filter(type="page").first()
    assert altered is not None
    Item.objects.filter(pk=altered.pk).update(name="Altered")

    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        finish_sync(synced, trigger="schedule")

    checks = SpotCheck.objects.select_related("collection")
    assert sum(each.checked for each in checks) == Item.objects.live().count()
    assert [each.missing for each in checks] == [0] * len(checks)
    wrong = [each.collection_id for each in checks if each.differing]
    assert wrong == [altered.collection_id]
    assert Item.objects.get(pk=altered.pk).name == altered.name

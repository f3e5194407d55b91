"""Old data is noticed, and old history goes."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from integrations.models import Connection, ItemChange
from integrations.services.upkeep import retention, staleness
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import touch


def test_data_older_than_promised_is_noticed(
    synced: Connection, finish_sync: FinishSync
) -> None:
    Connection.objects.update(last_synced_at=timezone.now() - timedelta(hours=2))

    assert staleness.check(now=timezone.now()) == 1

    synced.refresh_from_db()
    assert (synced.state, synced.reason) == ("degraded", "stale")
    finish_sync(synced)
    synced.refresh_from_db()
    assert synced.state == "active"


def test_old_history_is_deleted_and_new_is_kept(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    touch(sandbox, count=4, property="city", value="Bergen")
    finish_sync(synced)
    old = timezone.now() - timedelta(days=91)
    half = list(ItemChange.objects.values_list("pk", flat=True)[:2])
    ItemChange.objects.filter(pk__in=half).update(at=old)

    assert sum(retention.prune(now=timezone.now()).values()) == 2
    assert ItemChange.objects.count() == 2

"""A row that is told as it was is not mapped again by a full refresh."""

import pytest

from integrations.models import Collection, Connection, Item
from tests.services.fixtures import FinishSync, note_rows_made


def test_a_full_refresh_makes_rows_anew_of_those_only_that_are_told_in_part(
    synced_large: Connection, finish_sync: FinishSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_sync(synced_large, full=True)
    before = dict(Item.objects.values_list("remote_id", "digest"))
    tables = Collection.objects.exclude(remote_id__in=("pages", "databases"))
    rows = set(
        Item.objects.filter(collection__in=tables).values_list("remote_id", flat=True)
    )
    made = note_rows_made(monkeypatch)

    run = finish_sync(synced_large, full=True)

    again = rows & set(made)
    assert (run.outcome, run.changed, run.deleted) == ("complete", 0, 0)
    assert dict(Item.objects.values_list("remote_id", "digest")) == before
    assert 0 < len(again) < len(rows) / 2, (len(again), len(rows))

"""A record that is told as it was is not mapped again by a full refresh."""

import pytest

from integrations.models import Connection, Item
from tests.services.fixtures import FinishSync, note_rows_made
from tests.services.sync.airtable.account_rows import Airtable, assert_equal_to


def test_a_full_refresh_makes_no_rows_of_records_without_news(
    synced_few: Connection,
    finish_sync: FinishSync,
    airtable: Airtable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish_sync(synced_few, full=True)
    made = note_rows_made(monkeypatch)

    run = finish_sync(synced_few, full=True)

    records = set(
        Item.objects.filter(type="record").values_list("remote_id", flat=True)
    )
    assert records
    assert not records & set(made)
    assert (run.outcome, run.changed, run.deleted) == ("complete", 0, 0)
    assert_equal_to(airtable)

"""A sync leaves behind what its items are searched by."""

from pathlib import Path

import pytest

from integrations.models import Collection
from integrations.services.items.search import reindex
from tests.support.searching import found_by


@pytest.fixture(scope="session")
def seeded_sandbox(seeded_small: Path) -> Path:
    return seeded_small


def deals_found(text: str) -> int:
    return found_by(Collection.objects.first().connection.owner, text).count()


def test_what_a_first_sync_stored_is_found_by_its_labels(synced):
    assert deals_found("Closed Lost")
    assert not deals_found("closedlost")
    assert not reindex.outdated().exists()


def test_a_full_refresh_that_finds_other_labels_has_items_indexed_again(
    synced, finish_sync
):
    deals = Collection.objects.get(remote_id="deals")
    lost = deals_found("Closed Lost")
    deals.schema["lookups"]["stage"]["closedlost"] = "Gone for good"
    deals.save()
    reindex.note_labels(deals)
    reindex.run_slice()
    assert (deals_found("Closed Lost"), deals_found("gone for good")) == (0, lost)

    finish_sync(synced, full=True)
    assert reindex.outdated().get() == deals
    reindex.run_slice()

    assert (deals_found("Closed Lost"), deals_found("gone for good")) == (lost, 0)

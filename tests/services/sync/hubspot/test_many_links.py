"""Records with more links than are kept: their collection says so, and why."""

from typing import Any

import pytest

from integrations.models import Collection, Connection
from integrations.providers.hubspot.mapping import links
from sandbox.hubspot.api import associations, objects
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, live

WHERE = {"portal": "555111", "type": "deals"}


def lower_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep one link of a record; the real bound is 10,000, and nothing else knows."""
    monkeypatch.setattr(links, "LINKS_PER_PAGE", 1)
    monkeypatch.setattr(links, "MAX_LINK_PAGES", 1)
    monkeypatch.setattr(objects, "MAX_ASSOCIATIONS", 1)
    monkeypatch.setattr(associations, "PAGE", 1)


def deals() -> Collection:
    return Collection.objects.get(remote_id="deals")


def test_links_that_are_not_kept_are_told_by_the_collection(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert deals().completeness == "complete"
    with monkeypatch.context() as patch:
        lower_the_bound(patch)
        sandbox.client.command("records/touch", **WHERE, count=200)

        assert finish_sync(synced).outcome == "partial"
        found = deals()
        assert (found.completeness, found.reason) == ("capped", "links_capped")

        sandbox.client.command("records/erase", **WHERE, id=min(live("deals")))
        assert finish_sync(synced, full=True).outcome == "partial"
        found = deals()
        assert (found.completeness, found.reason) == ("capped", "links_capped")
        assert found.reason_data == {"number": 10_000}
        # What was not listed is proven to be deleted all the same.
        assert_equal_to(sandbox)

    assert finish_sync(synced, full=True).outcome == "complete"
    assert (deals().completeness, deals().reason) == ("complete", "")

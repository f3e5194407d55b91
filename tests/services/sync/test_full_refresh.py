"""A full refresh proves what it saw, resumes where it was, and holds up nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Collection, Connection, Item, SyncRun
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.checkpoint import FullRefresh
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, live, touch
from tests.support.provider_answers.seeds import FEW_PROPERTIES, make_seed

# Three pages of a list.
CONTACTS = 230
SIZES = {"contacts": CONTACTS, "companies": 8, "deals": 8, "records": 40, "rows": 5}


@pytest.fixture(scope="session")
def seeded_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "seed.sqlite3"
    return make_seed(path, SIZES, properties=FEW_PROPERTIES)


def fault(sandbox: Any, kind: str, **params: Any) -> None:
    sandbox.client.command(
        "faults/add", kind=kind, **{"family": "list", "path": "contacts", **params}
    )


def contacts() -> Collection:
    return Collection.objects.get(remote_id="contacts")


def make_full_refresh_due() -> None:
    Collection.objects.update(last_full_refresh_at=timezone.now() - timedelta(days=2))


@pytest.mark.parametrize("skip", [1, 2])
def test_a_first_load_that_ends_early_is_repeated_when_somebody_asks(
    connection: Connection, finish_sync: FinishSync, sandbox: Any, skip: int
) -> None:
    fault(sandbox, "ends_early", skip=skip, count=1)

    run = finish_sync(connection)

    assert run.outcome == "partial"
    found = contacts()
    assert (found.completeness, found.last_full_refresh_at) == ("partial", None)
    assert found.reason == "short_listing"
    assert found.reason_data == {"listed": 100 * skip, "total": CONTACTS}
    assert finish_sync(connection).outcome == "complete"
    assert_equal_to(sandbox)
    assert contacts().short_refresh_at is None


def test_a_pass_that_ends_early_hides_nothing_and_moves_no_watermark(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    before = contacts()
    fault(sandbox, "ends_early", skip=2, count=1)

    run = finish_sync(synced, full=True)

    assert (run.outcome, run.deleted) == ("partial", 0)
    assert contacts().watermark == before.watermark
    assert contacts().last_full_refresh_at == before.last_full_refresh_at
    assert len(live("contacts")) == CONTACTS


def test_a_short_pass_is_not_repeated_at_every_scheduled_sync(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    fault(sandbox, "ends_early", skip=2, count=1)
    finish_sync(connection)

    def listed() -> bool:
        calls = len(sandbox.log)
        finish_sync(connection, trigger="schedule")
        asked = [line for line in sandbox.log[calls:] if "/contacts?" in line]
        return any("archived=false" in line for line in asked)

    assert not listed()
    Collection.objects.update(short_refresh_at=timezone.now() - timedelta(hours=2))
    assert listed()
    assert contacts().completeness == "complete"


def test_what_a_list_did_not_tell_is_not_taken_for_gone(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    fault(sandbox, "spoilt_rows", count=1, with_id=False)

    assert_two_unreadable(finish_sync(synced, full=True))


# The list tells the ids, and of so many properties a batch tells the rest.
@pytest.mark.parametrize("is_change", [True, False])
def test_what_a_batch_did_not_tell_is_not_taken_for_gone(
    connection: Connection, finish_sync: FinishSync, sandbox: Any, is_change: bool
) -> None:
    sandbox.client.switch("properties", 300)
    finish_sync(connection)
    if is_change:
        touch(sandbox, count=3, property="firstname", value="Found")
    where = {"family": "*", "path": "contacts/batch/read"}
    fault(sandbox, "spoilt_rows", count=1, with_id=True, **where)

    assert_two_unreadable(finish_sync(connection, full=not is_change))


def assert_two_unreadable(run: SyncRun) -> None:
    assert (run.outcome, run.deleted, run.unreadable) == ("partial", 0, 2)
    assert len(live("contacts")) == CONTACTS
    found = contacts()
    assert (found.reason, found.reason_data) == ("unreadable_items", {"count": 2})


def test_what_is_deleted_goes_although_another_row_is_unreadable(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    gone = max(live("contacts"), key=int)
    sandbox.client.command("records/erase", portal="555111", type="contacts", id=gone)
    fault(sandbox, "spoilt_rows", count=1)

    finish_sync(synced, full=True)

    assert gone not in live("contacts")
    assert len(live("contacts")) == CONTACTS - 1


def test_changes_are_read_although_the_full_refresh_fails(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    make_full_refresh_due()
    fault(sandbox, "status", status=400, skip=2)
    (touched,) = touch(sandbox, count=1, property="firstname", value="Found")

    run = finish_sync(synced)

    assert run.outcome == "partial"
    assert contacts().reason == "full_refresh_failed"
    assert contacts().reason_data["because"]["code"] == "request_refused"
    found = Item.objects.get(remote_id=touched, type="contact")
    assert found.properties["firstname"] == "Found"
    assert isinstance(checkpoint.read(contacts()), FullRefresh)
    sandbox.client.command("faults/clear")
    assert finish_sync(synced).outcome == "complete"


def test_changes_are_read_although_the_schema_cannot_be(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    make_full_refresh_due()
    fault(sandbox, "status", status=400, family="properties")
    (touched,) = touch(sandbox, count=1, property="firstname", value="Found")

    finish_sync(synced)

    found = Item.objects.get(remote_id=touched, type="contact")
    assert found.properties["firstname"] == "Found"


def test_a_cursor_that_is_refused_starts_the_listing_again(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    fault(sandbox, "status", status=400, skip=2, count=1)

    assert finish_sync(connection).outcome == "complete"
    assert_equal_to(sandbox)


def test_reading_everything_again_begins_at_the_beginning(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    make_full_refresh_due()
    fault(sandbox, "status", status=400, skip=2)
    finish_sync(synced)
    sandbox.client.command("faults/clear")
    calls = len(sandbox.log)

    assert finish_sync(synced, full=True).outcome == "complete"

    first = next(x for x in sandbox.log[calls:] if "/contacts?" in x)
    assert "after=" not in first

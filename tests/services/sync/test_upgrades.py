"""Whatever a version before codes has stored goes on in this one, and back."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from integrations.models import Collection, Connection, Item, ItemChange, SyncRun
from integrations.services.sync import engine, runs
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.checkpoint import Incremental
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.hubspot_account import (
    assert_equal_to,
    full_refresh_of,
    live,
    touch,
)

BEFORE = ("integrations", "0008_fallback_stored")
BEFORE_VALUES_IN_PART = ("integrations", "0021_failed_revocations")
pytestmark = pytest.mark.django_db(transaction=True)

Migrate = Callable[[tuple[str, str]], Any]


def _migrate(target: tuple[str, str]) -> Any:
    executor = MigrationExecutor(database)
    executor.migrate([target])
    return MigrationExecutor(database).loader.project_state([target]).apps


def _newest() -> tuple[str, str]:
    leaves = MigrationExecutor(database).loader.graph.leaf_nodes("integrations")
    return leaves[0]


@pytest.fixture
def migrate() -> Iterator[Migrate]:
    """Return what migrates; whatever happens, the newest schema is left behind."""
    yield _migrate
    _migrate(_newest())


def calls_of(sandbox: Any, kind: str, since: int) -> list[str]:
    return [line for line in sandbox.log[since:] if f"/{kind}?" in line]


def read_one_page(connection: Connection, *, full: bool = False) -> SyncRun:
    """Read the first page of the contacts, and leave the run open."""
    run, _ = runs.open_run(connection, trigger="user", full=full)
    engine.run_slice(run.pk, seconds=0.000001)
    run.refresh_from_db()
    return run


def old_full(cursor: str, **values: Any) -> dict[str, Any]:
    """Return a checkpoint as it was stored in the middle of a full refresh."""
    return {
        "phase": "full",
        "began": timezone.now().isoformat(),
        "seen": 100,
        "cursor": cursor,
        "cycle": {"mark": "f" * 32, "steps": 0, "length": 2},
        "unreadable": 0,
        "nameless": 0,
        "gone": {},
        "delta": 100,
        **values,
    }


def test_a_full_refresh_goes_on_where_it_was(
    connection: Connection, finish_sync: FinishSync, sandbox: Any, migrate: Migrate
) -> None:
    run = read_one_page(connection)
    cursor = Collection.objects.get(remote_id="contacts").checkpoint["cursor"]

    old = migrate(BEFORE)
    rows = old.get_model("integrations", "Collection").objects
    stored = rows.get(remote_id="contacts").checkpoint
    assert (stored["phase"], stored["seen"]) == ("full", 100)
    rows.filter(remote_id="contacts").update(checkpoint=old_full(cursor))
    entry = {"name": "Contacts", "state": "waiting", "phase": "full", "seen": 100}
    entry |= {"created": 100, "tries": 1, "reason": "the server is in trouble"}
    entry["retry_at"] = timezone.now().isoformat()
    key = str(rows.get(remote_id="contacts").pk)
    runs_before = old.get_model("integrations", "SyncRun").objects
    runs_before.filter(pk=run.pk).update(progress={key: entry})
    migrate(_newest())
    calls = len(sandbox.log)

    ended = finish_sync(connection)

    assert (ended.pk, ended.outcome) == (run.pk, "complete")
    first, *rest = calls_of(sandbox, "contacts", calls)
    assert f"after={cursor}" in first
    assert sum("archived=false" in line for line in (first, *rest)) == 3
    assert_equal_to(sandbox)
    assert ended.entries[key].seen == 340


def test_an_incremental_sync_with_a_waiting_full_refresh_goes_on(
    synced: Connection, finish_sync: FinishSync, sandbox: Any, migrate: Migrate
) -> None:
    run = read_one_page(synced, full=True)
    cursor = Collection.objects.get(remote_id="contacts").checkpoint["cursor"]
    (touched,) = touch(sandbox, count=1, property="firstname", value="Found")
    since = (timezone.now() - timedelta(minutes=10)).isoformat()

    old = migrate(BEFORE)
    rows = old.get_model("integrations", "Collection").objects
    rows.filter(remote_id="contacts").update(
        checkpoint={
            "phase": "changes",
            "began": timezone.now().isoformat(),
            "since": since,
            "settles": False,
            "left": old_full(cursor),
        }
    )
    runs_before = old.get_model("integrations", "SyncRun").objects
    entry = {"name": "Contacts", "state": "reading", "phase": "changes"}
    entry["failure"] = "the provider refused the request"
    key = str(rows.get(remote_id="contacts").pk)
    runs_before.filter(pk=run.pk).update(progress={key: entry}, is_full=False)
    migrate(_newest())
    contacts = Collection.objects.get(remote_id="contacts")
    found = checkpoint.read(contacts)
    assert isinstance(found, Incremental)
    assert found.waiting is not None
    assert found.waiting.cursor == cursor
    calls = len(sandbox.log)

    assert finish_sync(synced).outcome == "partial"

    assert calls_of(sandbox, "contacts", calls) == []
    changed = Item.objects.get(type="contact", remote_id=touched)
    assert changed.properties["firstname"] == "Found"
    assert finish_sync(synced).outcome == "complete"
    first = calls_of(sandbox, "contacts", calls)[0]
    assert f"after={cursor}" in first
    assert_equal_to(sandbox)
    contacts.refresh_from_db()
    assert (contacts.completeness, contacts.checkpoint) == ("complete", {})


def test_sentences_become_codes_and_unknown_ones_stay_as_details(
    synced: Connection, migrate: Migrate
) -> None:
    ids = sorted(live("contacts"), key=int)[:5]
    texts = ["archived", "merged:77", "not selected", "gone or no longer shared", "why"]

    old = migrate(BEFORE)
    collections = old.get_model("integrations", "Collection").objects
    items = old.get_model("integrations", "Item").objects.filter(type="contact")
    for remote_id, text in zip(ids, texts, strict=True):
        gone = {"deleted_at": timezone.now(), "deleted_reason": text}
        items.filter(remote_id=remote_id).update(**gone)
    old.get_model("integrations", "ItemChange").objects.create(
        item=items.get(remote_id=ids[0]),
        at=timezone.now(),
        kind="deleted",
        fields={"reason": "archived"},
    )
    collections.filter(remote_id="contacts").update(
        reason="the listing ended after 100 of 340 items",
        pending_reason="pages inside the rows of large tables are looked for in "
        "turns, 500 rows at a time",
        held_deletions={"count": 1, "generation": 1, "reasons": {"1": "merged:7"}},
        details={"deleted_reason": "no longer shared"},
    )
    collections.filter(remote_id="companies").update(
        reason="reading everything failed: the dog ate it"
    )
    collections.filter(remote_id="deals").update(reason="needs deals.read, oauth")
    migrate(_newest())

    kinds = Item.objects.filter(type="contact", remote_id__in=ids)
    found = {i.remote_id: (i.deleted_kind, i.deleted_detail) for i in kinds}
    assert [found[each] for each in ids] == [
        ("archived", ""),
        ("merged", "77"),
        ("deselected", ""),
        ("deleted_or_unshared", ""),
        ("unknown", "why"),
    ]
    change = ItemChange.objects.get(kind="deleted")
    assert change.fields == {"deletion": "archived"}
    one, two, three = Collection.objects.order_by("-reason")
    assert (one.reason, one.reason_data) == (
        "short_listing",
        {"listed": 100, "total": 340},
    )
    assert one.pending_reason_data == {"number": 500}
    assert one.held_deletions["deletions"] == {"1": "merged:7"}
    assert one.details == {"deleted_kind": "unshared"}
    assert two.reason_data == {"scopes": ["deals.read", "oauth"]}
    assert three.reason_text == "the full refresh failed: the dog ate it"


def test_values_in_part_get_their_own_code_in_the_middle_of_a_refresh(
    connection: Connection, finish_sync: FinishSync, sandbox: Any, migrate: Migrate
) -> None:
    run = read_one_page(connection)
    part = {"kind": "parts_not_listed"}

    old = migrate(BEFORE_VALUES_IN_PART)
    rows = old.get_model("integrations", "Collection").objects
    stored = {**rows.get(remote_id="contacts").checkpoint, "pending": part}
    codes = {"checkpoint": stored, "pending_reason": "parts_not_listed"}
    rows.filter(remote_id="contacts").update(**codes)
    waiting = {"kind": "incremental", "waiting": stored}
    rows.filter(remote_id="deals").update(checkpoint=waiting)
    migrate(_newest())

    contacts = Collection.objects.get(remote_id="contacts")
    assert contacts.pending_reason == "values_in_part"
    deals = Collection.objects.get(remote_id="deals")
    assert deals.checkpoint["waiting"]["pending"]["kind"] == "values_in_part"
    Collection.objects.filter(pk=deals.pk).update(checkpoint={})
    calls = len(sandbox.log)
    let_time_pass(run)
    assert finish_sync(connection).outcome == "complete"
    assert f"after={stored['cursor']}" in calls_of(sandbox, "contacts", calls)[0]
    assert_equal_to(sandbox)


def test_a_refresh_that_is_under_way_survives_the_way_back_and_forth(
    connection: Connection, finish_sync: FinishSync, sandbox: Any, migrate: Migrate
) -> None:
    run = read_one_page(connection)
    before = full_refresh_of(Collection.objects.get(remote_id="contacts"))

    migrate(BEFORE)
    migrate(_newest())

    after = full_refresh_of(Collection.objects.get(remote_id="contacts"))
    assert after == before
    let_time_pass(run)
    assert finish_sync(connection).outcome == "complete"
    assert_equal_to(sandbox)

"""What earlier releases stored goes on in this one, and what this one stored too."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from integrations.models import Collection, Connection, Item, ItemChange, SyncRun
from integrations.services.items.search import reindex
from integrations.services.sync import engine, runs
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.checkpoint import Incremental
from tests.services.fixtures import Connect, FinishSync, let_time_pass
from tests.services.hubspot_account import (
    assert_equal_to,
    full_refresh_of,
    touch,
)
from tests.support.pages.snapshots import built_once, made_once
from tests.upgrades import releases

BEFORE_CODES = "0008_fallback_stored"
BEFORE_VALUES_IN_PART = "0021_failed_revocations"
pytestmark = pytest.mark.django_db(transaction=True)


def _migrate(name: str) -> Any:
    """Migrate up or down to this migration, and return the models as they then are."""
    return MigrationExecutor(database).migrate([("integrations", name)]).apps


def _newest() -> str:
    (leaf,) = MigrationExecutor(database).loader.graph.leaf_nodes("integrations")
    return leaf[1]


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


class Former:
    """Users of one database that was migrated back and forth, each with a story.

    All share one round: it takes as long as hundreds of syncs.
    """

    def __init__(self, connect: Connect, finish_sync: FinishSync, sandbox: Any) -> None:
        self._connect, self._finish, self._sandbox = connect, finish_sync, sandbox

    def connect(self, name: str, *, is_read: bool = False) -> Connection:
        connection: Connection = self._connect(User.objects.create_user(name))
        # One account is one user's: to our database each is another one.
        connection.remote_id = f"555111:{name}"
        connection.save(update_fields=["remote_id"])
        if is_read:
            assert self._finish(connection).outcome == "complete"
        return connection

    def build(self) -> None:
        """Store in the newest form, change it in the older ones, and come back."""
        for name in ("full", "kept", "part"):
            read_one_page(self.connect(name))
        read_one_page(self.connect("incremental", is_read=True), full=True)
        told["touched"], *_ = touch(
            self._sandbox, count=1, property="firstname", value="Found"
        )
        self.connect("sentences", is_read=True)
        for name in ("full", "kept", "part", "incremental"):
            told[name] = contacts_of(name).checkpoint
        try:
            old = _migrate(BEFORE_CODES)
            store_full_refresh(old)
            store_waiting_full_refresh(old)
            store_sentences(old)
            for release in releases.NAMES:
                old = _migrate(release)
                releases.store(old, release)
                if release == BEFORE_VALUES_IN_PART:
                    store_values_in_part(old)
            told["rows"] = releases.tables(old)
        finally:
            _migrate(_newest())


# What was stored before, by its user; as long as the process lives that built it.
told: dict[str, Any] = {}


@pytest.fixture
@made_once
def upgraded(
    request: pytest.FixtureRequest,
    sandbox: Any,
    connect: Connect,
    finish_sync: FinishSync,
) -> Iterator[None]:
    """Store what former versions did, and migrate it to the newest schema."""
    build = Former(connect, finish_sync, sandbox).build
    with built_once(request, sandbox, build, goes_back=True):
        yield


def connection_of(name: str) -> Connection:
    return Connection.objects.get(owner__username=name)


def contacts_of(name: str) -> Collection:
    return connection_of(name).collections.get(remote_id="contacts")


def rows_of(old: Any, name: str) -> Any:
    """Return the collections of a user, as the older models have them."""
    collections = old.get_model("integrations", "Collection").objects
    return collections.filter(connection__owner__username=name)


def note_contacts(old: Any, name: str, entry: dict[str, Any], **values: Any) -> None:
    """Let the open run of a user have noted this of the contacts."""
    key = str(rows_of(old, name).get(remote_id="contacts").pk)
    runs_before = old.get_model("integrations", "SyncRun").objects
    found = runs_before.filter(connection__owner__username=name, outcome="")
    assert found.update(progress={key: entry}, **values) == 1


def store_full_refresh(old: Any) -> None:
    rows = rows_of(old, "full").filter(remote_id="contacts")
    stored = rows.get().checkpoint
    assert (stored["phase"], stored["seen"]) == ("full", 100)
    rows.update(checkpoint=old_full(told["full"]["cursor"]))
    entry = {"name": "Contacts", "state": "waiting", "phase": "full", "seen": 100}
    entry |= {"created": 100, "tries": 1, "reason": "the server is in trouble"}
    entry["retry_at"] = timezone.now().isoformat()
    note_contacts(old, "full", entry)


def test_a_full_refresh_goes_on_where_it_was(
    upgraded: None, finish_sync: FinishSync, sandbox: Any
) -> None:
    connection, calls = connection_of("full"), len(sandbox.log)
    run = connection.runs.get()

    ended = finish_sync(connection)

    assert (ended.pk, ended.outcome) == (run.pk, "complete")
    first, *rest = calls_of(sandbox, "contacts", calls)
    assert f"after={told['full']['cursor']}" in first
    assert sum("archived=false" in line for line in (first, *rest)) == 3
    assert_equal_to(sandbox, connection)
    assert ended.entries[str(contacts_of("full").pk)].seen == 340


def store_waiting_full_refresh(old: Any) -> None:
    since = (timezone.now() - timedelta(minutes=10)).isoformat()
    rows_of(old, "incremental").filter(remote_id="contacts").update(
        checkpoint={
            "phase": "changes",
            "began": timezone.now().isoformat(),
            "since": since,
            "settles": False,
            "left": old_full(told["incremental"]["cursor"]),
        }
    )
    entry = {"name": "Contacts", "state": "reading", "phase": "changes"}
    entry["failure"] = "the provider refused the request"
    note_contacts(old, "incremental", entry, is_full=False)


def test_an_incremental_sync_with_a_waiting_full_refresh_goes_on(
    upgraded: None, finish_sync: FinishSync, sandbox: Any
) -> None:
    connection, contacts = connection_of("incremental"), contacts_of("incremental")
    cursor = told["incremental"]["cursor"]
    found = checkpoint.read(contacts)
    assert isinstance(found, Incremental)
    assert found.waiting is not None
    assert found.waiting.cursor == cursor
    calls = len(sandbox.log)

    assert finish_sync(connection).outcome == "partial"

    assert calls_of(sandbox, "contacts", calls) == []
    changed = contacts.items.get(remote_id=told["touched"])
    assert changed.properties["firstname"] == "Found"
    assert finish_sync(connection).outcome == "complete"
    first = calls_of(sandbox, "contacts", calls)[0]
    assert f"after={cursor}" in first
    assert_equal_to(sandbox, connection)
    contacts.refresh_from_db()
    assert (contacts.completeness, contacts.checkpoint) == ("complete", {})


TEXTS = ("archived", "merged:77", "not selected", "gone or no longer shared", "why")


def store_sentences(old: Any) -> None:
    rows = rows_of(old, "sentences")
    items = old.get_model("integrations", "Item").objects.filter(
        connection__owner__username="sentences", type="contact"
    )
    ids = sorted(items.values_list("remote_id", flat=True), key=int)[:5]
    told["sentences"] = ids
    for remote_id, text in zip(ids, TEXTS, strict=True):
        gone = {"deleted_at": timezone.now(), "deleted_reason": text}
        items.filter(remote_id=remote_id).update(**gone)
    old.get_model("integrations", "ItemChange").objects.create(
        item=items.get(remote_id=ids[0]),
        at=timezone.now(),
        kind="deleted",
        fields={"reason": "archived"},
    )
    rows.filter(remote_id="contacts").update(
        reason="the listing ended after 100 of 340 items",
        pending_reason="pages inside the rows of large tables are looked for in "
        "turns, 500 rows at a time",
        held_deletions={"count": 1, "generation": 1, "reasons": {"1": "merged:7"}},
        details={"deleted_reason": "no longer shared"},
    )
    rows.filter(remote_id="companies").update(
        reason="reading everything failed: the dog ate it"
    )
    rows.filter(remote_id="deals").update(reason="needs deals.read, oauth")


def test_sentences_become_codes_and_unknown_ones_stay_as_details(
    upgraded: None,
) -> None:
    connection, ids = connection_of("sentences"), told["sentences"]
    kinds = Item.objects.filter(
        connection=connection, type="contact", remote_id__in=ids
    )
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
    one, two, three = connection.collections.order_by("-reason")
    assert (one.reason, one.reason_data) == (
        "short_listing",
        {"listed": 100, "total": 340},
    )
    assert one.pending_reason_data == {"number": 500}
    assert one.held_deletions["deletions"] == {"1": "merged:7"}
    assert one.details == {"deleted_kind": "unshared"}
    assert two.reason_data == {"scopes": ["deals.read", "oauth"]}
    assert three.reason_text == "the full refresh failed: the dog ate it"


def store_values_in_part(old: Any) -> None:
    rows = rows_of(old, "part")
    part = {"kind": "parts_not_listed"}
    stored = {**rows.get(remote_id="contacts").checkpoint, "pending": part}
    codes = {"checkpoint": stored, "pending_reason": "parts_not_listed"}
    rows.filter(remote_id="contacts").update(**codes)
    waiting = {"kind": "incremental", "waiting": stored}
    rows.filter(remote_id="deals").update(checkpoint=waiting)


def test_values_in_part_get_their_own_code_in_the_middle_of_a_refresh(
    upgraded: None, finish_sync: FinishSync, sandbox: Any
) -> None:
    connection = connection_of("part")
    run = connection.runs.get()
    assert contacts_of("part").pending_reason == "values_in_part"
    deals = connection.collections.get(remote_id="deals")
    assert deals.checkpoint["waiting"]["pending"]["kind"] == "values_in_part"
    Collection.objects.filter(pk=deals.pk).update(checkpoint={})
    calls = len(sandbox.log)
    let_time_pass(run)
    assert finish_sync(connection).outcome == "complete"
    first = calls_of(sandbox, "contacts", calls)[0]
    assert f"after={told['part']['cursor']}" in first
    assert_equal_to(sandbox, connection)


def test_a_refresh_that_is_under_way_survives_the_way_back_and_forth(
    upgraded: None, finish_sync: FinishSync, sandbox: Any
) -> None:
    connection = connection_of("kept")
    run = connection.runs.get()

    after = full_refresh_of(contacts_of("kept"))

    assert after == checkpoint.from_json(told["kept"])
    let_time_pass(run)
    assert finish_sync(connection).outcome == "complete"
    assert_equal_to(sandbox, connection)


def test_rows_of_three_earlier_releases_are_read_by_the_newest(upgraded: None) -> None:
    # None of them is lost, and each can be shown.
    kept = releases.tables(apps)
    assert {name: kept.get(name) for name in told["rows"]} == told["rows"]
    assert min(told["rows"].values()) >= 1
    for model in apps.get_app_config("integrations").get_models():
        assert all(str(row) for row in model._default_manager.all())
    reindex.run_slice()
    for release in releases.NAMES:
        releases.assert_readable(release)

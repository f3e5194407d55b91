"""``manage.py sync``: in the foreground, honest about what is not complete."""

import io
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from integrations.management.commands import sync as command
from integrations.models import Collection, Connection, SyncRun
from integrations.services.common.errors import NotSyncableError
from tests.support.rows import (
    make_collection,
    make_connection,
    make_finished_run,
    make_item,
)


@dataclass
class FakeSync:
    """Stand in for the engine: every run ends as it is told to."""

    outcome: str = "complete"
    calls: list[tuple[Connection, bool]] = field(default_factory=list)

    def __call__(self, connection, *, full, on_progress):
        if not connection.is_syncable:
            raise NotSyncableError(connection.reason)
        self.calls.append((connection, full))
        run = make_finished_run(
            connection,
            outcome=self.outcome,
            created=12,
            progress={"1": {"name": "Contacts\x1b[31m", "state": "done", "seen": 12}},
        )
        on_progress(run)
        return run


@pytest.fixture
def engine(monkeypatch):
    fake = FakeSync()
    monkeypatch.setattr(command, "sync_in_foreground", fake)
    return fake


@pytest.fixture
def collection(alice):
    connection = make_connection(alice, account_name="Acme")
    return make_collection(connection, completeness="complete")


def run(*arguments):
    output, errors = io.StringIO(), io.StringIO()
    call_command("sync", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue()


def test_a_complete_sync_says_what_it_did(engine, collection):
    output, errors = run()

    assert "HubSpot: Acme: complete: 12 new" in output
    assert "Contacts" in errors
    assert "12 read" in errors
    assert "\x1b" not in output + errors
    assert engine.calls == [(collection.connection, False)]


def test_print_shows_the_items_afterwards(engine, collection, bob):
    make_item(collection, name="Ada Lovelace")
    other = make_collection(make_connection(bob, state="paused"))
    make_item(other, name="Somebody else's")

    output, _ = run("--connection", str(collection.connection_id), "--print", "--full")

    assert "Ada Lovelace" in output
    assert "Somebody else's" not in output
    assert engine.calls == [(collection.connection, True)]


@pytest.mark.parametrize("word", ["partial", "pending", "capped", "held"])
def test_it_fails_while_a_collection_is_not_complete(engine, collection, word):
    Collection.objects.filter(pk=collection.pk).update(
        completeness=word, reason="not_found", reason_data={"message": "why"}
    )

    with pytest.raises(CommandError, match=r"Acme: Contacts: .*, why"):
        run()


def test_it_fails_when_the_run_failed(engine, collection):
    engine.outcome = SyncRun.Outcome.FAILED

    with pytest.raises(CommandError, match="Acme: failed"):
        run()


def test_collections_nobody_chose_do_not_count(engine, collection):
    make_collection(collection.connection, remote_id="deals", is_selected=False)

    run()


def test_it_fails_for_a_paused_connection_and_syncs_the_others(engine, collection, bob):
    make_connection(bob, state="paused", reason="paused_by_user")

    with pytest.raises(CommandError, match="cannot be synced, you paused it"):
        run()

    assert len(engine.calls) == 1


def test_connections_can_be_chosen(engine, collection, bob):
    theirs = make_connection(bob)
    make_connection(bob, state="disconnected")

    run("--user", "alice@example.com")
    run("--connection", str(theirs.pk))
    run("--provider", "hubspot")

    chosen = [connection for connection, _ in engine.calls]
    assert chosen[:2] == [collection.connection, theirs]
    assert set(chosen[2:]) == {collection.connection, theirs}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--provider", "nobody"], r"unknown provider 'nobody'.*hubspot"),
        (["--provider", "hubspot"], "nothing to sync"),
        (["--user", "nobody@example.com"], "nobody here"),
        (["--connection", "1"], "'1' is not a UUID"),
        (["--connection", str(uuid4())], "there is no connection"),
        (["--user", "a", "--provider", "hubspot"], "not allowed with"),
        ([], "nothing to sync"),
    ],
)
def test_a_wrong_choice_is_explained(engine, db, arguments, message):
    with pytest.raises(CommandError, match=message):
        run(*arguments)

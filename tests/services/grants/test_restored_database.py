"""A database that is put back from a backup spends no token that was spent since."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from integrations.models import Connection, Credential
from integrations.models.reasons import StateReason
from integrations.services.common import shared_cache
from integrations.services.common.errors import NoTokenError
from integrations.services.connections.disconnect import disconnect
from integrations.services.grants import introspection, tokens
from integrations.services.grants.stores import grant_ledger, restored_database
from tests.services.fixtures import Connect
from tests.services.grants.working import expire, refresh_now, stats

pytestmark = pytest.mark.django_db
Rows = tuple[dict[str, Any], dict[str, Any]]


def back_up(credential: Credential) -> Rows:
    """Return the rows of a connection and its credential as they are now."""
    of_connection = Connection.objects.filter(pk=credential.connection_id)
    return of_connection.values().get(), Credential.objects.values().get()


def put_back(rows: Rows) -> None:
    """Write both rows as they were in the backup."""
    Connection.objects.filter(pk=rows[0]["id"]).update(**rows[0])
    Credential.objects.all().delete()
    Credential.objects.create(**rows[1])


@pytest.fixture(autouse=True)
def own_ledger(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()


@pytest.fixture
def cannot_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider be one that nobody can ask about a refresh token."""
    monkeypatch.setattr(introspection, "_ask", lambda *_: None)


@pytest.mark.usefixtures("cannot_ask")
def test_a_token_that_was_rotated_since_is_not_spent_again(
    credential: Credential, strict: Any, mailoutbox: list[Any]
) -> None:
    backup = back_up(credential)
    refresh_now(credential)
    put_back(backup)

    with pytest.raises(NoTokenError):
        refresh_now(credential)

    connection = Connection.objects.get()
    assert connection.state == Connection.State.NEEDS_RECONNECT
    assert connection.reason == StateReason.DATABASE_RESTORED
    assert stats(strict)["double_spends"] == 0


def test_a_provider_that_says_it_is_spent_costs_a_reconnect_as_well(
    credential: Credential, strict: Any
) -> None:
    backup = back_up(credential)
    refresh_now(credential)
    put_back(backup)

    with pytest.raises(NoTokenError):
        refresh_now(credential)

    assert Connection.objects.get().reason == StateReason.DATABASE_RESTORED
    assert stats(strict)["double_spends"] == 0


@pytest.mark.usefixtures("cannot_ask")
def test_a_provider_that_does_not_rotate_costs_nothing(
    credential: Credential, sandbox: Any
) -> None:
    backup = back_up(credential)
    refresh_now(credential)
    put_back(backup)

    assert refresh_now(credential).version == 2
    assert Connection.objects.get().state == Connection.State.ACTIVE


@pytest.mark.usefixtures("cannot_ask")
def test_a_backup_from_after_the_last_refresh_costs_nothing(
    credential: Credential, strict: Any
) -> None:
    refresh_now(credential)
    put_back(back_up(credential))

    assert refresh_now(credential).version == 3


@pytest.mark.usefixtures("cannot_ask")
def test_reconnecting_after_it_is_the_end_of_it(
    alice: User,
    credential: Credential,
    connect: Connect,
    strict: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    backup = back_up(credential)
    refresh_now(credential)
    put_back(backup)

    with django_capture_on_commit_callbacks(execute=True):
        connect(alice)

    assert refresh_now(credential).connection.state == Connection.State.ACTIVE
    cache.clear()
    assert refresh_now(credential).connection.state == Connection.State.ACTIVE


def test_a_grant_that_was_given_back_since_is_not_used_again(
    credential: Credential,
    sandbox: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    backup = back_up(credential)
    with django_capture_on_commit_callbacks(execute=True):
        disconnect(credential.connection, actor=None, keep_items=True)
    put_back(backup)

    # Its access token may live on where its provider revokes nothing.
    with pytest.raises(NoTokenError):
        tokens.token_for(credential.connection_id)
    Connection.objects.update(state=Connection.State.ACTIVE, reason="")
    expire(credential)
    with pytest.raises(NoTokenError):
        refresh_now(credential)

    assert Connection.objects.get().reason == StateReason.DATABASE_RESTORED


def test_who_remembers_nothing_leaves_it_to_the_provider(
    credential: Credential, strict: Any, settings: Any
) -> None:
    backup = back_up(credential)
    refresh_now(credential)
    put_back(backup)
    cache.clear()
    (settings.VAR_DIR / grant_ledger.FILE).unlink()

    with pytest.raises(NoTokenError):
        refresh_now(credential)

    assert Connection.objects.get().reason == StateReason.GRANT_REJECTED


def test_who_reconnects_just_after_disconnecting_has_no_restored_database(
    alice: User,
    credential: Credential,
    connect: Connect,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks() as late:
        disconnect(credential.connection, actor=None, keep_items=True)
    with django_capture_on_commit_callbacks(execute=True):
        connect(alice)
    for each in late:
        each()

    again = Credential.objects.get()

    assert refresh_now(again).version == again.version + 1


@pytest.mark.usefixtures("cannot_ask")
def test_an_emptied_cache_forgets_no_backup(
    credential: Credential, strict: Any
) -> None:
    backup = back_up(credential)
    refresh_now(credential)
    cache.clear()
    put_back(backup)

    with pytest.raises(NoTokenError):
        refresh_now(credential)

    assert Connection.objects.get().reason == StateReason.DATABASE_RESTORED
    assert stats(strict)["double_spends"] == 0


def test_an_emptied_cache_forgets_no_grant_that_was_given_back(
    credential: Credential, django_capture_on_commit_callbacks: Any
) -> None:
    backup = back_up(credential)
    with django_capture_on_commit_callbacks(execute=True):
        disconnect(credential.connection, actor=None, keep_items=True)
    cache.clear()
    put_back(backup)

    with pytest.raises(NoTokenError):
        tokens.token_for(credential.connection_id)

    assert Connection.objects.get().reason == StateReason.DATABASE_RESTORED


def test_a_machine_tells_an_emptied_cache_what_it_remembers_once(
    credential: Credential,
    settings: Any,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    backup = back_up(credential)
    with django_capture_on_commit_callbacks(execute=True):
        disconnect(credential.connection, actor=None, keep_items=True)
    cache.clear()
    assert restored_database.publish("web-1") == 1
    assert restored_database.publish("web-1") == 0
    put_back(backup)

    # Another machine, which has not seen it end.
    settings.VAR_DIR = tmp_path / "another"
    settings.VAR_DIR.mkdir()

    with pytest.raises(NoTokenError):
        tokens.token_for(credential.connection_id)


def test_what_is_noted_while_the_ledger_is_told_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grant_ledger, "WAIT_SECONDS", 0.05)
    first, meanwhile = uuid4(), uuid4()
    grant_ledger.note(first, "2026-01-02", "first")

    for some in grant_ledger.entries(since="2026-01-01"):
        assert list(some) == [first]
        grant_ledger.note(meanwhile, "2026-01-03", "meanwhile")

    assert grant_ledger.entry_of(meanwhile) == "meanwhile"


def test_a_ledger_that_is_locked_is_told_the_next_time(
    credential: Credential, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grant_ledger, "WAIT_SECONDS", 0.05)
    refresh_now(credential)
    cache.clear()
    with closing(sqlite3.connect(settings.VAR_DIR / grant_ledger.FILE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError):
            restored_database.publish("web-1")

    assert restored_database.publish("web-1") == 1


def test_a_cache_that_leaves_while_it_is_told_is_told_the_next_time(
    credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh_now(credential)
    cache.clear()
    with monkeypatch.context() as gone:
        gone.setattr(type(cache), "set_many", lambda *_, **_options: [], raising=False)
        gone.setattr(shared_cache, "is_shared", iter((True, False)).__next__)
        restored_database.publish("web-1")

    assert restored_database.publish("web-1") == 1


def test_what_the_cache_knows_better_is_left_to_it(
    credential: Credential, settings: Any, tmp_path: Path
) -> None:
    refresh_now(credential)
    ours = settings.VAR_DIR
    settings.VAR_DIR = tmp_path / "another"
    settings.VAR_DIR.mkdir()
    refresh_now(Credential.objects.get())
    settings.VAR_DIR = ours

    assert restored_database.publish("web-1") == 0
    assert not restored_database.is_superseded(Credential.objects.get())


def test_a_ledger_that_cannot_be_written_keeps_no_answer_from_being_stored(
    credential: Credential, settings: Any
) -> None:
    (settings.VAR_DIR / grant_ledger.FILE).write_text("no database" * 100)

    refresh_now(credential)

    assert Credential.objects.get().version == credential.version + 1

"""What the admin's buttons do, the console does: the same act, trail and permission."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command

from integrations.models import (
    AuditEvent,
    Connection,
    FailedRevocation,
    ProviderState,
    SyncRun,
)
from integrations.services.sync.deletions import held_deletions
from tests.support.rows import make_collection, make_connection, make_grant, make_item

State = Connection.State


@pytest.fixture
def connection(alice: User) -> Connection:
    made = make_connection(alice, account_name="Acme")
    make_grant(made)
    return made


def trail() -> list[tuple[Any, ...]]:
    rows = AuditEvent.objects.filter(event="admin.action").order_by("pk")
    return [(row.user, row.subject, row.facts["action"]) for row in rows]


def test_a_connection_is_paused_and_resumed(connection: Connection) -> None:
    call_command("connections", "pause", str(connection.pk))
    connection.refresh_from_db()
    assert connection.state == State.PAUSED

    call_command("connections", "resume", str(connection.pk))
    connection.refresh_from_db()
    assert connection.state == State.ACTIVE
    subject = str(connection.pk)
    assert trail() == [
        (None, subject, "pause: paused"),
        (None, subject, "resume: resumed"),
    ]
    event = AuditEvent.objects.filter(event="admin.action").first()
    assert event is not None
    assert event.facts["by"] == "console"


@pytest.mark.parametrize("act", ["sync-now", "full-refresh"])
def test_a_sync_is_queued_as_by_staff(connection: Connection, act: str) -> None:
    call_command("connections", act, str(connection.pk))

    run = SyncRun.objects.get(connection=connection)
    assert (run.trigger, run.is_full) == ("staff", act == "full-refresh")


def test_a_token_is_refreshed_soon(connection: Connection) -> None:
    call_command("connections", "refresh-token", str(connection.pk))

    assert next(action for *_, action in trail()).startswith("refresh token: ")


def test_a_grant_is_erased_only_after_a_yes(
    connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    order = ("connections", "disconnect", str(connection.pk), "--keep-items")
    with pytest.raises(CommandError, match="--yes"):
        call_command(*order)
    connection.refresh_from_db()
    assert connection.is_connected
    assert "Acme" in capsys.readouterr().err

    call_command(*order, "--yes")

    connection.refresh_from_db()
    assert not connection.is_connected


def test_items_are_deleted_for_good_by_somebody_with_a_name(
    connection: Connection, staff: User
) -> None:
    make_item(make_collection(connection))
    order = ("connections", "disconnect", str(connection.pk), "--delete-items", "--yes")
    with pytest.raises(CommandError, match="--as"):
        call_command(*order)

    call_command(*order, "--as", staff.email)

    assert not connection.items.exists()
    assert trail() == [(staff, str(connection.pk), "disconnect: disconnected")]


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("carol", "carol@example.com")


def test_who_may_not_in_the_admin_may_not_on_the_console(
    connection: Connection, alice: User
) -> None:
    clerk = User.objects.create_user("vic", "vic@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="change_connection"))
    disconnect = ("connections", "disconnect", str(connection.pk), "--keep-items")

    for who in (alice, clerk):
        with pytest.raises(CommandError, match=r"integrations\.delete_connection"):
            call_command(*disconnect, "--yes", "--as", who.email)
    call_command("connections", "pause", str(connection.pk), "--as", clerk.email)

    connection.refresh_from_db()
    assert connection.state == State.PAUSED


def test_a_filter_chooses_many_and_asks_first(
    connection: Connection, alice: User
) -> None:
    other = make_connection(alice, provider="notion")
    third = make_connection(alice)
    with pytest.raises(CommandError, match="--yes"):
        call_command("connections", "pause", "--provider", "hubspot")

    call_command("connections", "pause", "--provider", "hubspot", "--yes")

    states = dict(Connection.objects.values_list("pk", "state"))
    assert states == {
        connection.pk: State.PAUSED,
        third.pk: State.PAUSED,
        other.pk: State.ACTIVE,
    }


def test_nothing_chosen_is_not_everything(connection: Connection) -> None:
    with pytest.raises(CommandError, match="filter"):
        call_command("connections", "pause", "--yes")

    connection.refresh_from_db()
    assert connection.state == State.ACTIVE


@pytest.mark.parametrize("key", ["nonsense", str(UUID(int=7))])
def test_a_key_of_nothing_stops_the_whole_order(
    connection: Connection, key: str
) -> None:
    with pytest.raises(CommandError):
        call_command("connections", "pause", str(connection.pk), key, "--yes")

    connection.refresh_from_db()
    assert connection.state == State.ACTIVE


def test_what_is_left_alone_fails_and_says_so(
    connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError):
        call_command("connections", "resume", str(connection.pk))

    assert "left alone" in capsys.readouterr().out


def test_the_list_names_what_the_panel_counts(
    connection: Connection, alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    make_connection(alice)
    connection.credential.failures = 2
    connection.credential.save()

    call_command("connections", "list", "--watch", "at_risk")

    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(str(connection.pk))


@pytest.mark.parametrize(
    ("act", "left"), [("approve", 0), ("discard", 25)], ids=["approve", "discard"]
)
def test_held_deletions_are_decided(
    connection: Connection, act: str, left: int, capsys: pytest.CaptureFixture[str]
) -> None:
    collection = make_collection(connection, stored_count=25)
    for number in range(25):
        make_item(collection, remote_id=str(number))
    held_deletions.hold_unseen(collection, 25, ["1"], {})
    call_command("deletions", "list")
    assert str(collection.pk) in capsys.readouterr().out

    call_command("deletions", act, str(collection.pk), "--yes")

    collection.refresh_from_db()
    assert collection.hold is None
    assert collection.items.live().count() == left


def test_the_pause_of_a_provider_is_cleared(db: None) -> None:
    ProviderState.objects.create(provider="hubspot", reason="client_rejected")

    call_command("providers", "clear-pause", "hubspot")

    assert not ProviderState.objects.exists()
    assert trail() == [(None, "hubspot", "clear pause: cleared")]


def test_a_failed_revocation_is_dismissed_after_a_yes(
    alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = FailedRevocation.objects.create(
        provider="hubspot", error="timeout", owner=alice
    )
    call_command("revocations", "list")
    assert str(failed.pk) in capsys.readouterr().out
    order = ("revocations", "dismiss", str(failed.pk))
    with pytest.raises(CommandError, match="--yes"):
        call_command(*order)
    assert FailedRevocation.objects.exists()

    call_command(*order, "--yes")

    assert not FailedRevocation.objects.exists()
    assert trail() == [(None, str(failed.pk), "dismiss: dismissed")]
    assert AuditEvent.objects.filter(event="revocation.dismissed").exists()


def test_who_types_anything_but_yes_does_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: Callable[..., str] = lambda _question: "y"  # noqa: E731
    monkeypatch.setattr("builtins.input", answers)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    with pytest.raises(CommandError, match="nothing was done"):
        call_command("connections", "disconnect", str(connection.pk), "--keep-items")

    connection.refresh_from_db()
    assert connection.is_connected


@pytest.mark.parametrize("command", ["connections", "deletions", "revocations"])
def test_a_list_of_nothing_is_not_silent(
    db: None, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(command, "list")

    assert len(capsys.readouterr().out.splitlines()) == 1

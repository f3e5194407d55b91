"""Connections go on at another server, and no two servers ever have one grant."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.utils import timezone
from msgspec.structs import replace

from integrations.models import (
    AuditEvent,
    Collection,
    Connection,
    Credential,
    PendingRevocation,
    SyncRun,
)
from integrations.services.common.errors import NoTokenError
from integrations.services.connections import settings as service
from integrations.services.connections.disconnect import disconnect
from integrations.services.connections.handover import take_over
from integrations.services.grants import tokens
from integrations.services.upkeep import schedule
from tests.commands.handover.commands import (
    become_another_server,
    refused,
    run,
    token_requests,
)
from tests.services.grants.working import age, refresh_now
from tests.support.rows import make_collection, make_connection


def test_another_server_goes_on_with_it(
    alice: User,
    connection: Connection,
    export: Callable[[], str],
    path: Path,
    sandbox: Any,
) -> None:
    sandbox.client.command("switches/set", name="rotation", value=True)
    make_collection(connection, remote_id="deals", name="Deals", is_selected=False)
    service.rename(connection, "Work")
    service.set_interval(connection, 60, full_refresh_hours=48)
    export()
    become_another_server()

    assert "1 can be imported" in run("import_connections", path, "--dry-run")
    assert not Connection.objects.exists()
    assert "1 imported, 0 not" in run("import_connections", path)

    moved = Connection.objects.get()
    assert (moved.pk, moved.owner, moved.state) == (connection.pk, alice, "active")
    assert (moved.label, moved.sync_interval_minutes) == ("Work", 60)
    assert moved.full_refresh_hours == 48
    assert moved.granted_scopes == connection.granted_scopes
    assert Collection.objects.get().is_selected is False
    assert SyncRun.objects.get().trigger == "connect"
    assert refresh_now(Credential.objects.get()).version == 2


def test_importing_again_changes_nothing_even_after_a_refresh(
    connection: Connection,
    export: Callable[[], str],
    path: Path,
    sandbox: Any,
) -> None:
    sandbox.client.command("switches/set", name="rotation", value=True)
    export()
    become_another_server()
    run("import_connections", path)
    refresh_now(Credential.objects.get())
    before = Credential.objects.values().get()

    assert "imported before" in run("import_connections", path)

    assert Credential.objects.values().get() == before


def test_what_was_disconnected_after_the_import_does_not_come_back(
    connection: Connection,
    export: Callable[[], str],
    path: Path,
) -> None:
    export()
    become_another_server()
    run("import_connections", path)
    disconnect(Connection.objects.get(), actor=None, keep_items=True)

    assert "was disconnected here" in refused("import_connections", path)
    assert not Credential.objects.exists()


def test_a_newer_grant_is_not_overwritten(
    alice: User,
    connection: Connection,
    connect: Any,
    export: Callable[[], str],
    path: Path,
) -> None:
    export()
    become_another_server()
    connect(alice)
    before = Credential.objects.values().get()

    assert "newer permission" in refused("import_connections", path)

    assert Credential.objects.values().get() == before


def test_a_grant_that_comes_in_during_an_import_is_not_overwritten(
    connection: Connection,
    connect: Any,
    export: Callable[[], str],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export()
    Connection.objects.update(reason="disconnected_by_user", handover=None)

    has_place = take_over.connect.has_place

    def reconnect_meanwhile(user: User) -> bool:
        monkeypatch.setattr(take_over.connect, "has_place", has_place)
        connect(user)
        return True

    monkeypatch.setattr(take_over.connect, "has_place", reconnect_meanwhile)

    assert "newer permission" in refused("import_connections", path)

    assert Connection.objects.get().handover is None


def test_the_server_that_it_came_from_takes_it_back_instead_of_importing(
    connection: Connection,
    export: Callable[[], str],
    path: Path,
    sandbox: Any,
) -> None:
    sandbox.client.command("switches/set", name="rotation", value=True)
    service.pause(connection, actor=None)
    handover = export()
    back = ("--take-back", handover, "--nobody-imported")

    assert "--take-back" in refused("import_connections", path)
    assert "--nobody-imported" in refused("export_connections", *back[:2])
    assert "1 taken back" in run("export_connections", *back)

    connection.refresh_from_db()
    assert (connection.state, connection.reason) == ("paused", "paused_by_user")
    service.resume(connection, actor=None)
    age(Credential.objects.get(), 60)
    assert refresh_now(Credential.objects.get()).connection.state == "active"
    assert "nothing here" in refused("export_connections", *back)


def test_a_grant_that_another_server_may_have_is_left_to_it_after_taking_it_back(
    alice: User,
    connection: Connection,
    connect: Any,
    export: Callable[[], str],
    path: Path,
    sandbox: Any,
) -> None:
    for switch in ("rotation", "punish_reuse"):
        sandbox.client.command("switches/set", name=switch, value=True)
    handover = export()
    rows = (Connection.objects.values().get(), Credential.objects.values().get())
    become_another_server()
    run("import_connections", path)
    become_another_server()
    Connection.objects.create(**rows[0])
    Credential.objects.create(**rows[1])
    before = token_requests(sandbox)

    told = run("export_connections", "--take-back", handover, "--ask-to-reconnect")
    with pytest.raises(NoTokenError):
        tokens.token_for(connection.pk)
    schedule.refresh_in_foreground(now=timezone.now() + timedelta(days=400))

    assert "its owner has to reconnect it" in told
    back = Connection.objects.get()
    assert (back.state, back.reason) == ("needs_reconnect", "taken_back")
    assert token_requests(sandbox) == before
    connect(alice)
    assert Connection.objects.get().state == "active"
    assert not PendingRevocation.objects.exists()


def test_a_connection_may_move_there_and_back(
    connection: Connection,
    export: Callable[[], str],
    path: Path,
) -> None:
    export()
    rows = (Connection.objects.values().get(), Credential.objects.values().get())
    become_another_server()
    run("import_connections", path)
    refresh_now(Credential.objects.get())
    path.unlink()
    export()
    become_another_server()
    Connection.objects.create(**rows[0])
    Credential.objects.create(**rows[1])

    assert "1 imported" in run("import_connections", path)

    assert Connection.objects.get().state == "active"
    assert not PendingRevocation.objects.exists()
    assert refresh_now(Credential.objects.get()).connection.state == "active"


def test_both_commands_leave_audit_lines(
    connection: Connection,
    export: Callable[[], str],
    path: Path,
) -> None:
    handover = export()
    become_another_server()
    run("import_connections", path)

    events = AuditEvent.objects.filter(facts__handover=handover).order_by("at")
    assert [each.event for each in events] == [
        "connection.handed_over",
        "connection.imported",
    ]


def test_an_owner_is_whom_the_operator_names(
    bob: User,
    connection: Connection,
    export: Callable[[], str],
    path: Path,
) -> None:
    export()
    become_another_server()

    run("import_connections", path, "--owner", "Alice@example.com=bob@example.com")

    assert Connection.objects.get().owner == bob


def test_an_address_that_nobody_confirmed_gets_nobodys_connections(
    alice: User,
    connection: Connection,
    export: Callable[[], str],
    path: Path,
) -> None:
    export()
    become_another_server()
    address = EmailAddress.objects.create(
        user=alice, email="alice@example.com", verified=False
    )

    assert "confirmed" in refused("import_connections", path)
    assert not Connection.objects.exists()
    address.verified = True
    address.save()
    assert "1 imported" in run("import_connections", path)


def test_each_connection_stands_for_itself(
    alice: User,
    bob: User,
    connection: Connection,
    connect: Any,
    export: Callable[[], str],
    path: Path,
) -> None:
    connect(bob, "555111:4243")
    export()
    become_another_server()
    bob.delete()

    told = refused("import_connections", path)

    assert "1 imported, 1 not" in told
    assert "nobody here has this e-mail address" in told
    assert Connection.objects.get().owner == alice


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"client_id": "another"}, "another client id"),
        ({"is_sandbox": True}, "not set up here"),
    ],
)
def test_a_grant_that_this_site_could_not_use_is_refused(
    connection: Connection,
    export: Callable[[], str],
    path: Path,
    settings: Any,
    change: dict[str, Any],
    text: str,
) -> None:
    export()
    become_another_server()
    here = settings.PROVIDERS["hubspot"]
    if "is_sandbox" in change:
        change = {"is_sandbox": not here.is_sandbox}
    settings.PROVIDERS = {**settings.PROVIDERS, "hubspot": replace(here, **change)}

    assert text in refused("import_connections", path)
    assert not Connection.objects.exists()


def test_somebody_elses_account_is_not_taken(
    bob: User,
    connection: Connection,
    export: Callable[[], str],
    path: Path,
) -> None:
    export()
    become_another_server()
    make_connection(
        bob, remote_id=connection.remote_id, is_sandbox=connection.is_sandbox
    )

    assert "somebody else" in refused("import_connections", path)
    assert Connection.objects.get().owner == bob

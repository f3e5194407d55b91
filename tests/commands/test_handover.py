"""Connections move from server to server, and no two servers ever have one grant."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import (
    AuditEvent,
    Collection,
    Connection,
    Credential,
    Item,
    PendingRevocation,
    SyncRun,
)
from integrations.services.common.errors import NoTokenError
from integrations.services.common.proof import RecentProof
from integrations.services.connections import account_deletion
from integrations.services.connections import settings as service
from integrations.services.connections.disconnect import disconnect, may_uninstall
from integrations.services.connections.handover import bundle, take_over
from integrations.services.grants import revocation, tokens
from integrations.services.upkeep import schedule
from tests.services.conftest import (  # noqa: F401 (fixtures are found by name)
    connect,
    connection,
    grant,
    sandbox,
    seeded_sandbox,
)
from tests.services.grants.working import age, expire, refresh_now, send_and_vanish
from tests.support.rows import make_collection, make_connection, make_item
from tests.support.sessions import prove

PASSPHRASE = "twelve sailors and a goat"


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNDLE_PASSPHRASE", PASSPHRASE)
    # What makes guessing slow would make every test slow.
    monkeypatch.setattr(bundle, "COST", 2)
    monkeypatch.setattr(bundle, "LEAST_COST", 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bundle"


def run(*words: object) -> str:
    out = StringIO()
    call_command(*map(str, words), stdout=out, stderr=StringIO())
    return out.getvalue()


def refused(*words: object) -> str:
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(*map(str, words), stdout=out, stderr=StringIO())
    return f"{out.getvalue()}{caught.value}"


@pytest.fixture
def export(path: Path, django_capture_on_commit_callbacks: Any) -> Callable[[], str]:
    """Return what hands everything over, and returns the id of the handover."""

    def do() -> str:
        with django_capture_on_commit_callbacks(execute=True):
            told = run("export_connections", path, "--handover")
        return told.splitlines()[0].removeprefix("handover ")

    return do


def become_another_server() -> None:
    """Empty this one of all that it knows of connections."""
    Connection.objects.all().delete()
    PendingRevocation.objects.all().delete()
    cache.clear()


def token_requests(sandbox: Any) -> int:  # noqa: F811
    return len(sandbox.client.ask("token-requests")["requests"])


def test_what_is_handed_over_is_never_used_refreshed_or_revoked_here(
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    sandbox: Any,  # noqa: F811
) -> None:
    before, version = token_requests(sandbox), Credential.objects.get().version
    export()
    connection.refresh_from_db()
    expire(Credential.objects.get())
    # It holds without what the cache remembers, too.
    cache.clear()

    schedule.refresh_in_foreground(now=timezone.now() + timedelta(days=400))
    for attempt in (
        lambda: refresh_now(Credential.objects.get()),
        lambda: tokens.token_for(connection.pk),
    ):
        with pytest.raises(NoTokenError):
            attempt()
    disconnect(connection, actor=None, keep_items=True)
    service.resume(connection, actor=None)
    schedule.sweep()

    assert (connection.state, connection.reason) == ("disconnected", "moved")
    assert Credential.objects.get().version == version
    assert token_requests(sandbox) == before
    assert not PendingRevocation.objects.exists()
    assert not SyncRun.objects.exclude(state="finished").exists()


def test_an_export_without_the_word_handover_releases_nothing(
    connection: Connection,  # noqa: F811
    path: Path,
) -> None:
    assert "--handover" in refused("export_connections", path)
    assert "1 can be handed over" in run("export_connections", "--dry-run")

    connection.refresh_from_db()
    assert connection.state == "active"
    assert not path.exists()


def test_another_server_goes_on_with_it(
    alice: User,
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    path: Path,
    sandbox: Any,  # noqa: F811
) -> None:
    sandbox.client.order("switches/set", name="rotation", value=True)
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
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    path: Path,
    sandbox: Any,  # noqa: F811
) -> None:
    sandbox.client.order("switches/set", name="rotation", value=True)
    export()
    become_another_server()
    run("import_connections", path)
    refresh_now(Credential.objects.get())
    before = Credential.objects.values().get()

    assert "imported before" in run("import_connections", path)

    assert Credential.objects.values().get() == before


def test_what_was_disconnected_after_the_import_does_not_come_back(
    connection: Connection,  # noqa: F811
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
    connection: Connection,  # noqa: F811
    connect: Any,  # noqa: F811
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
    connection: Connection,  # noqa: F811
    connect: Any,  # noqa: F811
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
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    path: Path,
    sandbox: Any,  # noqa: F811
) -> None:
    sandbox.client.order("switches/set", name="rotation", value=True)
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
    connection: Connection,  # noqa: F811
    connect: Any,  # noqa: F811
    export: Callable[[], str],
    path: Path,
    sandbox: Any,  # noqa: F811
) -> None:
    for switch in ("rotation", "punish_reuse"):
        sandbox.client.order("switches/set", name=switch, value=True)
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
    connection: Connection,  # noqa: F811
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


def test_a_refresh_under_way_is_waited_for(
    connection: Connection,  # noqa: F811
    path: Path,
    sandbox: Any,  # noqa: F811
) -> None:
    send_and_vanish(Credential.objects.get())

    told = refused("export_connections", path, "--handover")

    assert "being refreshed" in told
    connection.refresh_from_db()
    assert connection.state == "active"


def test_an_export_that_breaks_off_releases_nothing(
    connection: Connection,  # noqa: F811
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle.BundleWriter, "add", full)

    with pytest.raises(OSError, match="No space"):
        run("export_connections", path, "--handover")

    connection.refresh_from_db()
    assert connection.state == "active"
    assert not path.exists()


def test_what_no_bundle_could_hold_is_not_released(
    connection: Connection,  # noqa: F811
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundle, "LONGEST_LINE", 4096)
    for number in range(40):
        make_collection(
            connection, remote_id=str(number), name="x" * 200, is_selected=False
        )

    assert "more collections" in refused("export_connections", "--dry-run")
    assert "more collections" in refused("export_connections", path, "--handover")

    connection.refresh_from_db()
    assert connection.state == "active"


def test_the_longest_line_that_is_written_can_be_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "LONGEST_LINE", 4097)
    record = {"x": "y" * (4096 // 4 * 3 - bundle.TAG_BYTES - len('{"x": ""}'))}
    passphrase = Secret(PASSPHRASE)

    with path.open("wb") as file:
        writer = bundle.BundleWriter(file, passphrase)
        writer.add(record)
        writer.finish()

    assert bundle.has_room(record)
    assert not bundle.has_room({"x": f"{record['x']}y"})
    with path.open("rb") as file:
        assert list(bundle.read_bundle(file, passphrase)) == [record]


def test_an_export_that_breaks_off_says_what_it_cannot_take_back(
    alice: User,
    bob: User,
    connection: Connection,  # noqa: F811
    connect: Any,  # noqa: F811
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = connect(alice, "555111:4243")

    def somebody_connects_it_and_the_disk_is_full(*_: object) -> None:
        make_connection(
            bob, remote_id=connection.remote_id, is_sandbox=connection.is_sandbox
        )
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        bundle.BundleWriter, "finish", somebody_connects_it_and_the_disk_is_full
    )
    out, told = StringIO(), StringIO()

    with pytest.raises(OSError, match="No space"):
        call_command(
            "export_connections", str(path), "--handover", stdout=out, stderr=told
        )

    other.refresh_from_db()
    assert other.state == "active"
    assert not path.exists()
    assert "connected here by somebody else" in told.getvalue()
    assert out.getvalue().split()[1] in told.getvalue()


def test_a_bundle_is_for_its_user_alone_and_shows_nothing(
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    path: Path,
    sandbox: Any,  # noqa: F811
) -> None:
    export()

    text = path.read_text()
    issued = [row["value"] for row in sandbox.client.ask("tokens")["tokens"]]
    assert path.stat().st_mode & 0o777 == 0o600
    assert not [each for each in (*issued, "alice@example.com") if each in text]
    header = json.loads(text.splitlines()[0])
    assert (header["format"], header["version"]) == ("mooring-connections", 1)


def test_a_bundle_is_never_overwritten(
    connection: Connection,  # noqa: F811
    path: Path,
) -> None:
    path.write_text("something of value")

    assert "exists already" in refused("export_connections", path, "--handover")

    connection.refresh_from_db()
    assert (connection.state, path.read_text()) == ("active", "something of value")


def test_both_commands_leave_audit_lines(
    connection: Connection,  # noqa: F811
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


Damage = Callable[[bytes], bytes]


def swap(text: bytes) -> bytes:
    head, one, two, end = text.splitlines(keepends=True)
    return head + two + one + end


DAMAGES: dict[str, Damage] = {
    "empty": lambda text: b"",
    "cut off in a line": lambda text: text[:-20],
    "without its end": lambda text: b"".join(text.splitlines(keepends=True)[:-1]),
    "header alone": lambda text: text.splitlines(keepends=True)[0],
    "one letter": lambda text: (
        text.replace(b"A", b"B", 1) if b"A" in text.partition(b"\n")[2] else text + b"x"
    ),
    "record left out": lambda text: b"".join(
        text.splitlines(keepends=True)[:1] + text.splitlines(keepends=True)[2:]
    ),
    "records swapped": swap,
    "something behind": lambda text: text + b"AAAA\n",
    "no bundle": lambda text: b"%PDF-1.4\n",
    "cost of a fortune": lambda text: text.replace(b'"cost": 2', b'"cost": 1073741824'),
    "newer": lambda text: text.replace(b'"version": 1', b'"version": 2'),
    "one long line": lambda text: b"x" * (2 * 1024 * 1024),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_bundle_is_refused_as_a_whole(
    alice: User,
    connection: Connection,  # noqa: F811
    connect: Any,  # noqa: F811
    export: Callable[[], str],
    path: Path,
    damage: Damage,
) -> None:
    connect(alice, "555111:4243")
    export()
    become_another_server()
    path.write_bytes(damage(path.read_bytes()))

    assert "nothing is stored" in refused("import_connections", path)

    assert not Connection.objects.exists()


@pytest.mark.parametrize("cost", [2**20, 2**16, 0, 2**17 + 1, True])
def test_a_cost_that_no_writer_takes_is_refused_before_it_is_paid(
    path: Path, monkeypatch: pytest.MonkeyPatch, cost: int
) -> None:
    with path.open("wb") as file:
        bundle.BundleWriter(file, Secret(PASSPHRASE)).finish()
    header = json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps({**header, "cost": cost}) + "\n")
    monkeypatch.undo()

    with path.open("rb") as file, pytest.raises(bundle.BundleError, match="header"):
        list(bundle.read_bundle(file, Secret(PASSPHRASE)))


def test_a_wrong_passphrase_is_refused(
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export()
    become_another_server()
    monkeypatch.setenv("BUNDLE_PASSPHRASE", "twelve sailors and a boat")

    told = refused("import_connections", path)

    assert "passphrase" in told
    assert "nothing is stored" in told
    assert not Connection.objects.exists()


def test_a_passphrase_comes_from_standard_input_as_well(
    connection: Connection,  # noqa: F811
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("BUNDLE_PASSPHRASE")
    monkeypatch.setattr("sys.stdin", StringIO(""))
    assert "BUNDLE_PASSPHRASE" in refused("export_connections", path, "--handover")
    words = ("export_connections", path, "--handover", "--passphrase-stdin")
    monkeypatch.setattr("sys.stdin", StringIO("short\n"))
    assert "12 characters" in refused(*words)
    monkeypatch.setattr("sys.stdin", StringIO(f"{PASSPHRASE}\n"))
    run(*words)
    become_another_server()
    monkeypatch.setattr("sys.stdin", StringIO(f"{PASSPHRASE}\n"))

    assert "1 imported" in run("import_connections", path, "--passphrase-stdin")


def test_an_owner_is_whom_the_operator_names(
    bob: User,
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    path: Path,
) -> None:
    export()
    become_another_server()

    run("import_connections", path, "--owner", "Alice@example.com=bob@example.com")

    assert Connection.objects.get().owner == bob


def test_an_address_that_nobody_confirmed_gets_nobodys_connections(
    alice: User,
    connection: Connection,  # noqa: F811
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
    connection: Connection,  # noqa: F811
    connect: Any,  # noqa: F811
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
    connection: Connection,  # noqa: F811
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
    connection: Connection,  # noqa: F811
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


def test_pages_say_where_it_went_and_offer_nothing_that_could_end_it(
    alice: User,
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    client: Client,
) -> None:
    make_collection(connection, stored_count=3)
    export()
    client.force_login(alice)

    for address in ("/connections/", connection.get_absolute_url()):
        page = client.get(address).content.decode()
        assert "Moved to another server" in page
        assert "another server reads this account now" in page.lower()
        assert "3 items are kept" in page
        assert "Reconnect" not in page


def test_removing_what_was_moved_erases_items_and_forgets_nothing_of_the_grant(
    alice: User,
    bob: User,
    connection: Connection,  # noqa: F811
    connect: Any,  # noqa: F811
    export: Callable[[], str],
    client: Client,
) -> None:
    make_item(make_collection(connection, stored_count=1))
    handover = export()
    client.force_login(alice)
    prove(client)
    address = f"{connection.get_absolute_url()}remove/"

    assert "stays in the list" in client.get(address).content.decode()
    client.post(address)
    disconnect(connect(bob), actor=bob, keep_items=True)
    revocation.revoke_due()

    assert not Item.objects.exists()
    assert not PendingRevocation.objects.exists()
    assert address not in client.get("/connections/").content.decode()
    run("export_connections", "--take-back", handover, "--nobody-imported")
    age(Credential.objects.get(), 600)
    assert refresh_now(Credential.objects.get()).connection.state == "active"


def test_another_connection_of_the_account_does_not_end_what_was_moved(
    alice: User,
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    connect: Any,  # noqa: F811
) -> None:
    export()

    connect(alice)

    assert Connection.objects.get().state == "active"
    assert not PendingRevocation.objects.exists()


def test_what_was_moved_lives_on_though_its_owners_account_is_deleted(
    alice: User,
    bob: User,
    connection: Connection,  # noqa: F811
    connect: Any,  # noqa: F811
    export: Callable[[], str],
) -> None:
    notion = make_connection(alice, provider="notion", remote_id="n:1")
    Connection.objects.filter(pk=notion.pk).update(state="disconnected", reason="moved")
    export()
    account_deletion.erase(alice, proof=RecentProof(user=alice))
    while account_deletion.erase_due():
        pass
    bobs = connect(bob)

    assert not Connection.objects.owned_by(alice).exists()
    assert not may_uninstall(bobs)
    assert revocation.may_end_another("notion", "n:1")
    assert revocation.may_end_another("notion", "")
    assert not revocation.may_end_another("notion", "n:2")


def test_what_comes_back_is_of_this_server_again(
    alice: User,
    bob: User,
    connection: Connection,  # noqa: F811
    export: Callable[[], str],
    path: Path,
) -> None:
    export()
    account_deletion.erase(alice, proof=RecentProof(user=alice))
    while account_deletion.erase_due():
        pass
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True)

    run("import_connections", path, "--owner", f"alice@example.com={bob.email}")

    moved_here = Connection.objects.get()
    assert (moved_here.owner, moved_here.state) == (bob, "active")
    assert may_uninstall(moved_here)
    disconnect(moved_here, actor=bob, keep_items=True)
    assert PendingRevocation.objects.exists()

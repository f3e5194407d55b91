"""Two servers with keys of their own: a grant moves, and never is at both."""

import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copyfile, rmtree

import pytest

from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.real
PASSPHRASE = {"BUNDLE_PASSPHRASE": "twelve sailors and a goat"}
OTHER_KEYS = {
    "SECRET_KEY": "of another server, sixty characters long: 9876543210 9876543210",
    "TOKEN_KEYS": "k9:HxwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAAAA=",
}
STATE = "select state, reason from integrations_connection"
VERSION = "select version from integrations_credential"
ITEMS = "select count(*) from integrations_item where deleted_at is null"


def start(stack: Stack, *names: str) -> Stack:
    stack.join_workers()
    stack.start(*names, "valkey", "web", "worker", "beat")
    return stack


def database(stack: Stack) -> Path:
    return Path(stack.database_url.removeprefix("sqlite:///"))


def test_a_grant_moves_and_a_restored_backup_does_not_bring_it_back(
    make_stack: MakeStack, tmp_path: Path
) -> None:
    first = start(make_stack(**PASSPHRASE), "sandbox")
    first.sandbox("switches/set", name="rotation", value=True)
    away = {"SANDBOX": first.sandbox_url, **OTHER_KEYS, **PASSPHRASE}
    second = start(make_stack(**away))
    path = first.user("alice@example.com").connect("hubspot")
    key = path.strip("/").split("/")[-1]
    finished = "select 1 from integrations_syncrun where outcome = 'complete'"
    first.wait_for_row(finished, seconds=120)
    second.user("alice@example.com")
    backup = tmp_path / "backup.sqlite3"
    with (
        closing(sqlite3.connect(database(first))) as used,
        closing(sqlite3.connect(backup)) as copy,
    ):
        used.backup(copy)

    bundle = str(tmp_path / "bundle")
    first.manage("export_connections", bundle, "--connection", key, "--handover")
    second.manage("import_connections", bundle)

    # The other one goes on, with its own keys; this one has no say any more.
    assert second.rows(STATE) == [("active", "")]
    [(version,)] = second.rows(VERSION)
    second.manage("connections", "refresh-token", key)
    wait_until(lambda: second.rows(VERSION) > [(version,)], "it refreshes", seconds=120)
    second.wait_for_row(finished, seconds=120)
    assert second.rows(ITEMS) == first.rows(ITEMS)
    assert first.rows(STATE) == [("disconnected", "moved")]
    assert first.manage("connections", "refresh-token", key, check=False).returncode

    # An hour-old backup, and the cache is lost as well.
    for name in ("web", "worker", "beat", "valkey"):
        first.stop(name)
    for each in database(first).parent.glob("mooring.sqlite3*"):
        each.unlink()
    valkey = first.directory / "var" / "valkey"
    rmtree(valkey)
    valkey.mkdir()
    copyfile(backup, database(first))
    spent = first.token_requests()
    first.start("valkey", "web", "worker", "beat")
    assert first.rows(STATE) == [("active", "")]
    first.manage("connections", "refresh-token", key)

    lost = [("needs_reconnect", "database_restored")]
    wait_until(lambda: first.rows(STATE) == lost, "it is recognised", seconds=120)
    assert first.token_requests() == spent
    assert first.ask_sandbox("stats")["double_spends"] == 0
    [(version,)] = second.rows(VERSION)
    second.manage("connections", "refresh-token", key)
    wait_until(lambda: second.rows(VERSION) > [(version,)], "it goes on", seconds=120)
    assert second.rows(STATE) == [("active", "")]

"""A bundle is for its user alone, whole or refused."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.http.secrets import Secret
from integrations.models import (
    Connection,
)
from integrations.services.connections.handover import bundle
from tests.commands.handover.commands import (
    PASSPHRASE,
    become_another_server,
    refused,
    run,
)


def test_a_bundle_is_for_its_user_alone_and_shows_nothing(
    connection: Connection,
    export: Callable[[], str],
    path: Path,
    sandbox: Any,
) -> None:
    export()

    text = path.read_text()
    issued = [row["value"] for row in sandbox.client.query("tokens")["tokens"]]
    assert path.stat().st_mode & 0o777 == 0o600
    assert not [each for each in (*issued, "alice@example.com") if each in text]
    header = json.loads(text.splitlines()[0])
    assert (header["format"], header["version"]) == ("mooring-connections", 1)


def test_a_bundle_is_never_overwritten(
    connection: Connection,
    path: Path,
) -> None:
    path.write_text("something of value")

    assert "exists already" in refused("export_connections", path, "--handover")

    connection.refresh_from_db()
    assert (connection.state, path.read_text()) == ("active", "something of value")


def swap(text: bytes) -> bytes:
    head, one, two, end = text.splitlines(keepends=True)
    return head + two + one + end


Damage = Callable[[bytes], bytes]

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
    connection: Connection,
    connect: Any,
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
    connection: Connection,
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
    connection: Connection,
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

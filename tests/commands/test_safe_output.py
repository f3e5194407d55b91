"""No command lets other people's names steer a terminal, or write lines of theirs."""

import csv
import io
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import load_command_class

from integrations.http.observability.redaction import RedactingFormatter
from integrations.http.observability.steering import STEERING
from integrations.management import commands, output
from integrations.management.output import SafeCommand
from integrations.models import (
    Connection,
    FailedRevocation,
    Incident,
    Notice,
    ProviderState,
    SavedView,
)
from integrations.services.connections.handover import bundle
from integrations.services.sync import foreground
from integrations.services.sync.deletions import held_deletions
from tests.services.conftest import (  # noqa: F401 (fixtures are found by name)
    connect,
    connection,
    grant,
    sandbox,
    seeded_sandbox,
)
from tests.support.rows import make_collection, make_item

FORGED = "FORGED all is well"
MARKS = "\x1b[2J\x9b1m\x07\u202e\u2066\u061c\u200e\u2028\ufeff"
HOSTILE = f"x{MARKS}\n{FORGED}\r{FORGED}\u2028{FORGED}"
NAMES = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]
# What each is asked, so that it shows a text of somebody else's wherever it can.
WALK: dict[str, list[str]] = {
    "accounts": ["list", "change {email} --active yes"],
    "connections": ["list", "pause {connection}", "pause --provider hubspot"],
    "deletions": ["list"],
    "providers": ["list", "clear-pause hubspot --yes"],
    "revocations": ["list", "dismiss --yes"],
    "contacts": [
        "edit {remote_id} --set City=Bonn --dry-run",
        "edit {remote_id} --set email=x@example.com",
        "edit nobody --set City=Bonn",
        "create --set city=Bonn --dry-run --user {email}",
        "import {file} --dry-run",
    ],
    "doctor": ["", "--json"],
    "export_connections": ["--dry-run", "{bundle} --handover"],
    "import_connections": ["{bundle} --dry-run", "{bundle}"],
    "items": ["", "--format csv", "--format json", "--user {email} --view nothing"],
    "notices": ["", "--test operators"],
    "reconcile": ["{connection}"],
    "refresh_due": [""],
    "rotate_token_keys": ["", "--check"],
    "startprovider": ["hubspot"],
    "status": ["", "--json"],
    "sweep": [""],
    "sync": ["", "--print"],
}


@pytest.fixture
def ask(
    connection: Connection,  # noqa: F811
    alice: User,
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str, str], str]:
    """Return what runs a command over a hostile account, and gives all it wrote."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: 0)
    monkeypatch.setattr(foreground, "LONGEST_NAP_SECONDS", 0.0)
    monkeypatch.setenv("BUNDLE_PASSPHRASE", "twelve sailors and a goat")
    monkeypatch.setattr(bundle, "COST", 2)
    monkeypatch.setattr(bundle, "LEAST_COST", 2)
    (tmp_path / "a.csv").write_text(f'Email,"{HOSTILE}"\nnobody,Bonn\n', newline="")
    fields = [{"name": "email", "label": "Email"}, {"name": "city", "label": "City"}]
    fields.append({"name": "odd", "label": HOSTILE})
    contacts = make_collection(connection, name=HOSTILE, schema={"fields": fields})
    values = {"email": "x@example.com", "city": HOSTILE, "odd": HOSTILE}
    names = dict.fromkeys(("name", "remote_id", "parent_name"), HOSTILE)
    make_item(contacts, properties=values, **names)
    Incident.objects.create(kind="k", subject="s", title=HOSTILE)
    Notice.objects.create(channel="mail", phase="test", text="t", error=HOSTILE)
    SavedView.objects.create(owner=alice, name=HOSTILE)
    ProviderState.objects.create(provider="hubspot", reason="odd", detail=HOSTILE)
    FailedRevocation.objects.create(
        provider="hubspot", account_name=HOSTILE, error=HOSTILE, owner=alice
    )
    held_deletions.hold_unseen(contacts, 1, [HOSTILE], {})
    known = {
        "remote_id": HOSTILE,
        "email": alice.email,
        "file": str(tmp_path / "a.csv"),
        "bundle": str(tmp_path / "a.bundle"),
        "connection": str(connection.pk),
    }

    def run(name: str, line: str) -> str:
        Connection.objects.update(
            label=HOSTILE, account_name=HOSTILE, is_editing=True, granted_scopes=SCOPES
        )
        told = io.StringIO()
        command: Any = load_command_class("integrations", name)
        found: Any = type(command)(stdout=told, stderr=told)
        arguments = [word.format(**known) for word in line.split()]
        with suppress(SystemExit):
            found.run_from_argv(["manage.py", name, *arguments])
        return told.getvalue()

    return run


def test_the_walk_knows_every_command() -> None:
    assert sorted(WALK) == NAMES
    for name in NAMES:
        assert isinstance(load_command_class("integrations", name), SafeCommand)


def lines_of(told: str, line: str) -> list[str]:
    """Return the lines of an output; a cell of a CSV file may hold many."""
    if "csv" not in line:
        return told.split("\n")
    return [row[0] for row in csv.reader(io.StringIO(told))]


@pytest.mark.parametrize("name", NAMES)
def test_no_command_is_steered_or_forged(
    ask: Callable[[str, str], str], name: str
) -> None:
    if name == "import_connections":
        ask("export_connections", "{bundle} --handover")
    for line in WALK[name]:
        told = ask(name, line).replace("\r\n", "\n")

        assert told or name == "sweep", line
        assert STEERING.findall(told) == [], line
        assert not [t for t in lines_of(told, line) if t.startswith(FORGED)], line


def test_what_a_command_fails_by_is_logged_as_all_else(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    error = ValueError(HOSTILE)

    output.log_failure(ValueError, error, None)

    (record,) = caplog.records
    told = RedactingFormatter().format(record)
    assert STEERING.findall(told) == []
    assert not [line for line in told.split("\n") if line.startswith(FORGED)]
    assert capfd.readouterr().out == ""

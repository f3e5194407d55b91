"""Settings that make no sense are told in sentences, by whichever command it is."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from integrations.management.output import NO_DATABASE
from tests.support import fresh

# What each is refused under; all of them at once, as after a bad copy and paste.
BAD = {
    "DATABASE_URL": ("mysql://user:hidden@host/name", "mooring.E026"),
    "REDIS_URL": ("http://user:hidden@host", "mooring.E006"),
    "TOKEN_KEYS": ("k1:hidden", "mooring.E018"),
    "HISTORY_DAYS": ("hidden", "mooring.E002"),
    "LOG_LEVEL": ("hidden", "mooring.E003"),
    "PUBLIC_BASE_URL": ("hidden", "mooring.E004"),
    "EMAIL_URL": ("hidden://host", "mooring.E008"),
    "DEBUG": ("hidden", "mooring.E001"),
}


def run(tmp_path: Path, *arguments: str, **values: str) -> CompletedProcess[str]:
    environment = {
        "ENV_FILE": "off",
        "VAR_DIR": str(tmp_path),
        "SECRET_KEY": "a-secret-key-Zq7RvTn2KxWb5LmYc8HdJg4PsFaUe9X3",
        **{name: value for name, (value, _) in BAD.items()},
        **values,
    }
    return fresh.manage(*arguments, **environment)


def test_doctor_tells_machines_of_every_setting_that_makes_no_sense(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, "doctor", "settings", "database", "--json")

    told = {each["id"]: each for each in json.loads(done.stdout)["checks"]}
    assert set(told["settings"]["facts"]["ids"]) == {code for _, code in BAD.values()}
    assert told["database"]["state"] == "failed"
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["connections", "accounts", "revocations"])
def test_a_database_without_tables_ends_in_a_sentence(
    tmp_path: Path, command: str
) -> None:
    well = dict.fromkeys(BAD, "")
    well["TOKEN_KEYS"] = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    done = run(tmp_path, command, "list", **well)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == NO_DATABASE


@pytest.mark.parametrize(
    "command", ["doctor", "migrate", "connections list", "accounts list"]
)
def test_a_command_that_cannot_start_says_why_and_fails(
    tmp_path: Path, command: str
) -> None:
    bad = tmp_path / "env"
    bad.write_text("hidden on its own\n")

    done = run(tmp_path, *command.split(), ENV_FILE=str(bad))

    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert {f"mooring.E0{number}" for number in (25, 26)} <= set(
        said.replace("(", " ").replace(")", " ").replace(":", " ").split()
    )
    assert "Traceback" not in said
    assert "hidden" not in said

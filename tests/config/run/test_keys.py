"""Test that a first run writes secrets and that no run replaces one."""

import base64
from pathlib import Path

from config.environment.env import read_env_file
from config.run.keys import append_to_env_file, missing_secrets


def test_a_first_run_gets_a_key_of_32_bytes() -> None:
    fresh = missing_secrets({})

    key_id, _, key = fresh["TOKEN_KEYS"].partition(":")
    assert key_id
    assert len(base64.b64decode(key)) == 32
    assert len(fresh["SECRET_KEY"]) >= 50


def test_two_runs_never_get_the_same_keys() -> None:
    assert missing_secrets({}) != missing_secrets({})


def test_keys_that_are_there_stay() -> None:
    assert missing_secrets({"SECRET_KEY": "s", "TOKEN_KEYS": "k"}) == {}
    assert missing_secrets({"SECRET_KEY": "s", "TOKEN_KEYS_FILE": "/f"}) == {}


def test_what_a_user_wrote_is_kept(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("HUBSPOT_CLIENT_ID=mine\nSECRET_KEY=")

    append_to_env_file(path, {"SECRET_KEY": "fresh"})

    assert read_env_file(path) == {"HUBSPOT_CLIENT_ID": "mine", "SECRET_KEY": "fresh"}


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"

    append_to_env_file(path, {"SECRET_KEY": "fresh"})

    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_to_add_writes_no_file(tmp_path: Path) -> None:
    append_to_env_file(tmp_path / ".env", {})

    assert list(tmp_path.iterdir()) == []

"""Secrets of a first run, appended to ``.env``; none is ever replaced."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

HEADER = """\
# Written by `make run`. Every name is explained in .env.example.
# Keep this file: without TOKEN_KEYS every account has to be connected again.
"""


def missing_secrets(values: Mapping[str, str]) -> dict[str, str]:
    """Return a fresh value for each required secret that has none."""
    fresh: dict[str, str] = {}
    if not values.get("SECRET_KEY"):
        fresh["SECRET_KEY"] = secrets.token_urlsafe(50)
    if not values.get("TOKEN_KEYS") and not values.get("TOKEN_KEYS_FILE"):
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        fresh["TOKEN_KEYS"] = f"k1:{key}"
    return fresh


def append_to_env_file(path: Path, values: Mapping[str, str]) -> None:
    """Add variables at the end of a ``.env`` file that only its owner can read."""
    if not values:
        return
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    text = path.read_text(encoding="utf-8") if path.exists() else HEADER
    if text and not text.endswith("\n"):
        text += "\n"
    # Written aside and moved, so that a crash leaves the old file or the new one.
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write(text + lines)
    draft.replace(path)

"""Keep renewed tokens, still sealed, while the database cannot take them.

They are kept twice, in the cache and in a file of mode 0600, and stored as soon
as the database answers. What is kept is ciphertext bound to its row.
"""

import json
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.utils.dateparse import parse_datetime

from integrations.services import credentials

logger = logging.getLogger(__name__)

LIFE_SECONDS = 60 * 24 * 3600


def _key(connection_id: UUID) -> str:
    return f"spill:{connection_id}"


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "spill"


def _file(connection_id: UUID) -> Path:
    return _folder() / f"{connection_id}.json"


def keep(
    connection_id: UUID, generation: int, version: int, columns: dict[str, Any]
) -> None:
    """Put sealed columns aside; never raises, for there is no further place."""
    text = json.dumps(
        {"generation": generation, "version": version, "columns": columns},
        default=lambda value: (
            {"moment": value.isoformat()} if isinstance(value, datetime) else str(value)
        ),
    )
    cache.set(_key(connection_id), text, timeout=LIFE_SECONDS)
    try:
        _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        path = _file(connection_id)
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        logger.exception("spill file not written connection=%s", connection_id)


def apply_for(connection_id: UUID) -> bool:
    """Store what was put aside for one connection; say whether there was any."""
    text = _read(connection_id)
    if text is None:
        return False
    try:
        kept = json.loads(text)
        columns = {name: _moment(value) for name, value in kept["columns"].items()}
        credentials.store(
            connection_id, int(kept["generation"]), int(kept["version"]), columns
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        logger.exception("spill unreadable connection=%s", connection_id)
    _drop(connection_id)
    return True


def apply_all() -> int:
    """Store everything this machine put aside; return how many were found."""
    found = 0
    for path in sorted(_folder().glob("*.json")):
        try:
            found += apply_for(UUID(path.stem))
        except ValueError:
            logger.warning("odd file in the spill folder name=%s", path.name)
    return found


def _read(connection_id: UUID) -> str | None:
    try:
        return _file(connection_id).read_text(encoding="utf-8")
    except OSError:
        kept = cache.get(_key(connection_id))
        return kept if isinstance(kept, str) else None


def _drop(connection_id: UUID) -> None:
    cache.delete(_key(connection_id))
    _file(connection_id).unlink(missing_ok=True)


def _moment(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"moment"}:
        return parse_datetime(value["moment"])
    return value

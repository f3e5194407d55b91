"""Keep renewed tokens, still sealed, while the database cannot take them.

They are kept twice, in a file of mode 0600 and in the cache, and stored as soon as
the database answers. What is kept is ciphertext bound to its row.
"""

import json
import logging
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import FieldDoesNotExist
from django.utils.dateparse import parse_datetime

from integrations.models import Credential, RefreshAttempt
from integrations.services.common import connection_state, crypto
from integrations.services.grants import credentials, revocation
from integrations.services.grants.refresh_attempts import Attempt

logger = logging.getLogger(__name__)

LIFE_SECONDS = 60 * 24 * 3600
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, FieldDoesNotExist)


@dataclass(frozen=True, kw_only=True)
class Spilled:
    """Hold one answer that no row has taken yet."""

    connection_id: UUID
    attempt_id: UUID
    provider: str
    account_id: str
    generation: int
    version: int
    spent: str
    columns: dict[str, Any]

    @classmethod
    def parse(cls, text: str) -> "Spilled":
        """Read what ``keep`` wrote; raises one of UNREADABLE."""
        kept = json.loads(text)
        ids = {name: UUID(kept[name]) for name in ("connection_id", "attempt_id")}
        columns = {name: _moment(value) for name, value in kept["columns"].items()}
        return cls(**{**kept, **ids, "columns": columns})


def _key(connection_id: UUID) -> str:
    return f"spill:{connection_id}"


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "spill"


def _file(connection_id: UUID) -> Path:
    return _folder() / f"{connection_id}.json"


def keep(attempt: Attempt, columns: dict[str, Any]) -> None:
    """Put sealed columns aside; never raises, for there is no further place."""
    spilled = Spilled(
        connection_id=attempt.connection.pk,
        attempt_id=attempt.id,
        provider=attempt.connection.provider,
        account_id=attempt.connection.remote_id,
        generation=attempt.generation,
        version=attempt.version,
        spent=crypto.fingerprint(attempt.refresh_token),
        columns=columns,
    )
    text = json.dumps(
        asdict(spilled),
        default=lambda value: (
            {"moment": value.isoformat()} if isinstance(value, datetime) else str(value)
        ),
    )
    try:
        _write(_file(spilled.connection_id), text)
    except OSError:
        logger.exception("spill file not written connection=%s", spilled.connection_id)
    cache.set(_key(spilled.connection_id), text, timeout=LIFE_SECONDS)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def apply_for(connection_id: UUID) -> bool:
    """Store what was put aside for one connection; say whether there was any."""
    text = _read(connection_id)
    if text is None:
        return False
    try:
        spilled = Spilled.parse(text)
        _store(spilled)
    except UNREADABLE:
        logger.exception("spill unreadable connection=%s", connection_id)
        _set_aside(connection_id)
        return True
    _drop(connection_id)
    return True


def _store(spilled: Spilled) -> None:
    """Store an answer under its fence; have it revoked if nobody wants it any more."""
    stored = credentials.store(
        spilled.connection_id, spilled.generation, spilled.version, spilled.columns
    )
    if not stored:
        _settle(spilled)
    RefreshAttempt.objects.filter(
        pk=spilled.attempt_id,
        outcome__in=(RefreshAttempt.Outcome.STARTED, RefreshAttempt.Outcome.ABANDONED),
    ).update(
        outcome=RefreshAttempt.Outcome.SPILLED
        if stored
        else RefreshAttempt.Outcome.SUPERSEDED
    )
    logger.info("spill applied connection=%s stored=%s", spilled.connection_id, stored)


def _settle(spilled: Spilled) -> None:
    fresh = spilled.columns.get("fingerprint")
    if not fresh:
        return
    is_there = Credential.objects.filter(
        connection_id=spilled.connection_id,
        generation=spilled.generation,
        fingerprint=fresh,
    ).exists()
    if is_there:
        # The database went away after it had taken the row, but not the state.
        connection_state.grant_is_good(spilled.connection_id, spilled.generation)
        return
    where = credentials.place(
        "refresh_token", spilled.connection_id, spilled.generation
    )
    try:
        token = crypto.unseal(
            spilled.columns["refresh_token"], purpose=credentials.PURPOSE, where=where
        )
    except crypto.CryptoError:
        logger.exception("spill not opened connection=%s", spilled.connection_id)
        return
    revocation.give_back(
        provider=spilled.provider,
        account_id=spilled.account_id,
        token=token,
        connection_id=spilled.connection_id,
        generation=spilled.generation,
        spent=spilled.spent,
    )


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


def _set_aside(connection_id: UUID) -> None:
    """Leave what nobody can read for a user to look at."""
    path = _file(connection_id)
    if path.exists():
        path.replace(path.with_suffix(".unreadable"))
    cache.delete(_key(connection_id))


def _moment(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"moment"}:
        return parse_datetime(value["moment"])
    return value

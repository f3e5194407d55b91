"""Fallback store for refreshed tokens, still sealed, while the database is down.

An answer is written twice, to a file of mode 0600 and to the cache, and restored as
soon as the database answers. What is stored is ciphertext bound to its row.
"""

import json
import logging
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import FieldDoesNotExist
from django.utils.dateparse import parse_datetime
from msgspec import Struct
from msgspec.structs import asdict

from integrations.http.secrets import Secret
from integrations.models import Credential, RefreshAttempt
from integrations.services.common import connection_state, durable_file
from integrations.services.common.sealing import crypto
from integrations.services.grants import credentials, revocation
from integrations.services.grants.refresh_attempts.intent import Attempt

logger = logging.getLogger(__name__)

TOKENS = ("access_token", "refresh_token")
LIFE_SECONDS = 60 * 24 * 3600
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, FieldDoesNotExist)
# How releases before the fallback store had its name called folder, keys and times.
FORMER_NAME = "spill"
TIME_KEYS = ({"datetime"}, {"moment"})


class StoredAnswer(Struct, frozen=True, kw_only=True):
    """Answer of a token endpoint that no row has taken yet."""

    connection_id: UUID
    attempt_id: UUID
    provider: str
    account_id: str
    generation: int
    version: int
    spent: str
    columns: dict[str, Any]

    @classmethod
    def parse(cls, text: str) -> "StoredAnswer":
        """Read what ``write`` wrote; raises one of UNREADABLE."""
        stored = json.loads(text)
        ids = {name: UUID(stored[name]) for name in ("connection_id", "attempt_id")}
        columns = {name: _decoded(value) for name, value in stored["columns"].items()}
        # A column of former releases that the row no longer has.
        columns.pop("attempt_version", None)
        return cls(**{**stored, **ids, "columns": columns})


def _encoded(value: object) -> Any:
    return (
        {"datetime": value.isoformat()} if isinstance(value, datetime) else str(value)
    )


def _decoded(value: Any) -> Any:
    if isinstance(value, dict) and set(value) in TIME_KEYS:
        return parse_datetime(next(iter(value.values())))
    return value


def _keys(connection_id: UUID) -> list[str]:
    return [f"{name}:{connection_id}" for name in ("fallback_store", FORMER_NAME)]


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "fallback_store"


def _file(connection_id: UUID) -> Path:
    return _folder() / f"{connection_id}.json"


def write(attempt: Attempt, columns: dict[str, Any]) -> None:
    """Write sealed columns; never raises, for there is no further place for them."""
    answer = StoredAnswer(
        connection_id=attempt.connection.pk,
        attempt_id=attempt.id,
        provider=attempt.connection.provider,
        account_id=attempt.connection.remote_id,
        generation=attempt.generation,
        version=attempt.version,
        spent=crypto.fingerprint(attempt.refresh_token),
        columns=columns,
    )
    text = json.dumps(asdict(answer), default=_encoded)
    try:
        durable_file.write(_file(answer.connection_id), text).close()
    except OSError:
        logger.exception(
            "fallback file not written connection=%s", answer.connection_id
        )
    cache.set(_keys(answer.connection_id)[0], text, timeout=LIFE_SECONDS)


def restore(connection_id: UUID) -> bool:
    """Store in the database what was written for one connection; False for nothing."""
    _adopt_former_files()
    text = _read(connection_id)
    if text is None:
        return False
    try:
        answer = StoredAnswer.parse(text)
        _restore(answer)
    except UNREADABLE:
        logger.exception("fallback file unreadable connection=%s", connection_id)
        _quarantine(connection_id)
        return True
    _delete(connection_id)
    return True


def _restore(answer: StoredAnswer) -> None:
    """Store an answer under its fence; have it revoked if nobody wants it any more."""
    is_stored = credentials.store(
        answer.connection_id, answer.generation, answer.version, answer.columns
    )
    if not is_stored:
        _revoke_unless_stored(answer)
    RefreshAttempt.objects.filter(
        pk=answer.attempt_id,
        outcome__in=(RefreshAttempt.Outcome.STARTED, RefreshAttempt.Outcome.ABANDONED),
    ).update(
        outcome=RefreshAttempt.Outcome.FALLBACK_STORED
        if is_stored
        else RefreshAttempt.Outcome.SUPERSEDED
    )
    logger.info(
        "fallback restored connection=%s stored=%s", answer.connection_id, is_stored
    )


def _revoke_unless_stored(answer: StoredAnswer) -> None:
    fresh = answer.columns.get("fingerprint")
    if not fresh:
        return
    is_there = Credential.objects.filter(
        connection_id=answer.connection_id,
        generation=answer.generation,
        fingerprint=fresh,
    ).exists()
    if is_there:
        # The database went away after it had taken the row, but not the state.
        connection_state.grant_is_good(answer.connection_id, answer.generation)
        return
    try:
        tokens = {name: _unseal(answer, name) for name in TOKENS}
    except crypto.CryptoError:
        logger.exception(
            "fallback token unreadable connection=%s", answer.connection_id
        )
        return
    revocation.revoke_late_tokens(
        provider=answer.provider,
        account_id=answer.account_id,
        **tokens,
        connection_id=answer.connection_id,
        generation=answer.generation,
        spent=answer.spent,
    )


def _unseal(answer: StoredAnswer, name: str) -> Secret:
    return crypto.unseal(
        answer.columns[name],
        purpose=credentials.PURPOSE,
        associated_data=credentials.associated_data(
            name, answer.connection_id, answer.generation
        ),
    )


def restore_all() -> int:
    """Restore everything this machine has written; return how many were found."""
    _adopt_former_files()
    found = 0
    for path in sorted(_folder().glob("*.json")):
        try:
            found += restore(UUID(path.stem))
        except ValueError:
            logger.warning("odd file in the fallback store name=%s", path.name)
    return found


def _adopt_former_files() -> None:
    """Move in what a former release wrote, or still writes during an upgrade."""
    for path in (Path(settings.VAR_DIR) / FORMER_NAME).glob("*.json"):
        _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another process may be quicker.
        with suppress(FileNotFoundError):
            path.replace(_folder() / path.name)


def _read(connection_id: UUID) -> str | None:
    try:
        return _file(connection_id).read_text(encoding="utf-8")
    except OSError:
        cached = cache.get_many(_keys(connection_id)).values()
        return next((text for text in cached if isinstance(text, str)), None)


def _delete(connection_id: UUID) -> None:
    cache.delete_many(_keys(connection_id))
    _file(connection_id).unlink(missing_ok=True)


def _quarantine(connection_id: UUID) -> None:
    """Leave what cannot be read for an operator to look at."""
    path = _file(connection_id)
    if path.exists():
        path.replace(path.with_suffix(".unreadable"))
    cache.delete_many(_keys(connection_id))

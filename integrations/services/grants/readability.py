"""Readability of stored credentials: whether today's keys open them, and what if not.

One row that cannot be opened is damaged, and its user reconnects. When none can be,
the key is wrong, which is the operator's: users are told that it is ours.
"""

import logging
import uuid
from collections.abc import Iterable

from django.utils import timezone

from integrations.models import Connection, Credential, ProviderState
from integrations.models.reasons import StateReason
from integrations.services.common import audit, connection_state
from integrations.services.common.sealing import crypto
from integrations.services.grants import circuit_breaker, credentials

logger = logging.getLogger(__name__)

# The reasons of a connection whose credential was found not to open.
REASONS = (StateReason.CREDENTIAL_UNREADABLE, StateReason.SITE_KEY_WRONG)
ALARM = "credentials_unreadable"
MOST_AT_ONCE = 200
# As many others are opened to tell a damaged row from a wrong key.
COMPARED = 20


def failure_of(credential: Credential) -> crypto.CryptoError | None:
    """Return why a credential cannot be opened, None when both of its tokens can."""
    try:
        credentials.open_access(credential)
        credentials.open_refresh(credential)
    except crypto.CryptoError as exc:
        return exc
    return None


def sample(most: int) -> list[Credential]:
    """Return some credentials, beginning anywhere, so that each has its turn."""
    rows = Credential.objects.select_related("connection").order_by("pk")
    start = uuid.uuid4()
    after = list(rows.filter(pk__gte=start)[:most])
    return after + list(rows.filter(pk__lt=start)[: most - len(after)])


def count_unreadable(most: int) -> int:
    """Count the connections known not to open, and what of a sample does not."""
    known = Connection.objects.connected().filter(reason__in=REASONS)
    found = sum(failure_of(row) is not None for row in sample(most))
    return max(known.count(), found)


def check() -> int:
    """Open some credentials, write what was found; return how many did not open."""
    told = Credential.objects.filter(connection__reason__in=REASONS)
    # Those that a wrong key holds up come first: nobody else starts them again.
    told = told.order_by("-connection__reason")
    known = list(told.select_related("connection")[:MOST_AT_ONCE])
    rows = {row.pk: row for row in (*known, *sample(MOST_AT_ONCE))}
    failed = [(row, exc) for row in rows.values() if (exc := failure_of(row))]
    bad = {row.pk for row, _ in failed}
    for row in known:
        if row.pk not in bad:
            _opens_again(row)
    is_site_wide = len(failed) == len(rows)
    for row, exc in failed:
        _mark(row, exc, is_site_wide=is_site_wide and _is_of_key(exc, len(rows)))
    _alarm({row.connection.provider for row, _ in failed})
    return len(failed)


def note(credential: Credential, exc: crypto.CryptoError) -> None:
    """Write down that a credential that was to be used cannot be opened."""
    others = [row for row in sample(COMPARED) if row.pk != credential.pk]
    none_opens = all(failure_of(row) is not None for row in others)
    is_site_wide = none_opens and _is_of_key(exc, len(others) + 1)
    _mark(credential, exc, is_site_wide=is_site_wide)
    _alarm({credential.connection.provider})


def _is_of_key(exc: crypto.CryptoError, rows: int) -> bool:
    """Tell whether it is the key when none opens; a single row may be damaged."""
    return rows > 1 or not isinstance(exc, crypto.UnreadableError)


def _mark(
    credential: Credential, exc: crypto.CryptoError, *, is_site_wide: bool
) -> None:
    connection = credential.connection
    if is_site_wide:
        connection_state.degrade(connection, StateReason.SITE_KEY_WRONG)
    elif isinstance(exc, crypto.UnreadableError):
        connection_state.needs_reconnect(
            connection,
            StateReason.CREDENTIAL_UNREADABLE,
            generation=credential.generation,
            version=credential.version,
        )
    # Where only some keys are unknown, another machine may have a newer set of them:
    # pages say it of a row by the name of its key, until that is known again.


def _opens_again(credential: Credential) -> None:
    connection_state.grant_is_good(credential.connection_id, credential.generation)
    Connection.objects.syncable().filter(pk=credential.connection_id).update(
        next_sync_at=timezone.now()
    )


def _alarm(providers: Iterable[str]) -> None:
    """Note the alarm once, until staff have cleared it."""
    for provider in providers:
        if ProviderState.objects.filter(pk=provider, reason=ALARM).exists():
            continue
        circuit_breaker.note(provider, ALARM)
        audit.record("credentials.unreadable", subject=provider)

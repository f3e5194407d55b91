"""What an error makes of an edit: refused, waiting, or not known to have arrived."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from msgspec import Struct, field
from msgspec.structs import replace

from integrations.http.errors import (
    AlreadyExists,
    ApiError,
    Forbidden,
    InvalidRequest,
    Network,
    NotFound,
    QuotaExhausted,
    RateLimited,
    Transient,
    Unauthorized,
    ValuesRefused,
)
from integrations.http.resilience.backoff import full_jitter
from integrations.models import Connection, Edit
from integrations.models.reasons import Reason, ReasonCode
from integrations.providers.writing import Refusal
from integrations.services.common.errors import ConnectorError, NoTokenError
from integrations.services.sync import failures
from integrations.services.writing import editing, trail
from integrations.services.writing.delivering import dispatch, lease
from integrations.services.writing.undo import discarding

# A lost answer is looked for soon: somebody waits for it.
FIRST_LOOK: Final = timedelta(seconds=3)
LONGEST_BACKOFF: Final = timedelta(minutes=15)
# What only a user or a new consent can change is looked at so often.
HELD_FOR: Final = timedelta(minutes=5)
DEFAULT_WAIT: Final = 10.0


class Outcome(Struct, frozen=True, kw_only=True):
    """What becomes of an edit; ``wait`` is until it is tried again, None for never."""

    state: Edit.State
    reason: Reason
    wait: timedelta | None = None
    columns: dict[str, Any] = field(default_factory=dict)


def outcome_of(
    edit: Edit,
    exc: Exception,
    *,
    is_sent: bool,
    is_unsure: bool,
    is_halfway: bool = False,
) -> Outcome:
    """Return what an error makes of an edit.

    ``is_sent`` says that it is the answer to a write; ``is_unsure`` that an earlier
    write may have arrived, so that a refusal of something else decides nothing;
    ``is_halfway`` that an earlier write was cut off, which must not be forgotten.
    """
    outcome = _outcome_of(edit, exc, is_sent=is_sent, is_unsure=is_unsure)
    if is_halfway and outcome.state is Edit.State.WAITING:
        return replace(outcome, state=Edit.State.UNKNOWN)
    return outcome


def _outcome_of(
    edit: Edit, exc: Exception, *, is_sent: bool, is_unsure: bool
) -> Outcome:
    if isinstance(exc, NoTokenError):
        # Of a write of several calls, the first may have been made.
        return _held(edit, _no_token(exc), is_unsure=is_unsure or is_sent)
    if not isinstance(exc, ApiError):
        raise TypeError(type(exc))
    told = {"correlation_id": exc.correlation_id[:200]} if exc.correlation_id else {}
    is_unsure = is_unsure or exc.has_written
    if is_unsure or (is_sent and isinstance(exc, ConnectorError)):
        return _later(edit, exc, Edit.State.UNKNOWN, told)
    if isinstance(exc, RateLimited | QuotaExhausted):
        return _limited(exc, told)
    if isinstance(exc, Unauthorized):
        return _held(edit, failures.reason_of(exc), is_unsure=False)
    if isinstance(exc, Forbidden) and exc.lacks_scope:
        missing = exc.missing_scopes or editing.write_scopes(edit.collection)
        _forget_scopes(edit.connection, missing)
        reason = failures.reason_of(exc, scopes=list(missing))
        return _held(edit, reason, is_unsure=False)
    is_refused = isinstance(exc, InvalidRequest | NotFound | Forbidden | ConnectorError)
    if is_refused:
        return _refused(edit, exc, told)
    was_not_sent = not is_sent or (isinstance(exc, Network) and not exc.sent)
    state = Edit.State.WAITING if was_not_sent else Edit.State.UNKNOWN
    return _later(edit, exc, state, told)


def _refused(edit: Edit, exc: ApiError, told: dict[str, Any]) -> Outcome:
    reason, values = failures.reason_of(exc), {}
    if isinstance(exc, ValuesRefused):
        reason = Reason(code=ReasonCode.VALUES_REFUSED)
        values = {v.name: [v.code, v.message[:500]] for v in exc.values}
    elif isinstance(exc, AlreadyExists):
        reason = Reason.of(ReasonCode.VALUES_REFUSED, existing=exc.remote_id)
        fields = editing.fields_of(edit.collection).values()
        taken = [f.name for f in fields if f.is_identity and f.name in edit.values]
        values = {name: [Refusal.TAKEN.value, ""] for name in taken}
    elif isinstance(exc, NotFound):
        reason = Reason(code=ReasonCode.ITEM_DELETED)
    columns = {**told, "refused": values}
    return Outcome(state=Edit.State.REFUSED, reason=reason, columns=columns)


def _limited(exc: RateLimited | QuotaExhausted, told: dict[str, Any]) -> Outcome:
    if isinstance(exc, QuotaExhausted):
        wait = max(exc.until - timezone.now(), FIRST_LOOK)
    else:
        wait = timedelta(seconds=exc.retry_after or DEFAULT_WAIT)
    return Outcome(
        state=Edit.State.WAITING,
        reason=failures.reason_of(exc, is_asked=True),
        wait=min(wait, Edit.LONGEST_WAIT),
        columns=told,
    )


def _later(
    edit: Edit, exc: ApiError, state: Edit.State, told: dict[str, Any]
) -> Outcome:
    """Try again after a while, longer each time."""
    seconds = full_jitter(
        edit.failures,
        base=FIRST_LOOK.total_seconds(),
        cap=LONGEST_BACKOFF.total_seconds(),
    )
    asked = exc.retry_after if isinstance(exc, Transient) else None
    wait = max(FIRST_LOOK, timedelta(seconds=max(seconds, asked or 0.0)))
    return Outcome(
        state=state,
        reason=failures.reason_of(exc, is_asked=bool(asked) or None),
        wait=min(wait, Edit.LONGEST_WAIT),
        columns={**told, "failures": edit.failures + 1},
    )


def _held(edit: Edit, reason: Reason, *, is_unsure: bool) -> Outcome:
    """Hold an edit back until the connection is as it has to be."""
    state = Edit.State.UNKNOWN if is_unsure else Edit.State.WAITING
    return Outcome(state=state, reason=reason, wait=HELD_FOR)


def _no_token(exc: NoTokenError) -> Reason:
    if exc.reason == ReasonCode.NO_PERMISSION:
        return Reason(code=ReasonCode.NO_PERMISSION)
    return Reason.of(ReasonCode.NO_TOKEN, state=exc.reason)


def _forget_scopes(connection: Connection, missing: Sequence[str]) -> None:
    """Note that a grant has lost scopes, so that its user can ask for them again."""
    kept = [scope for scope in connection.granted_scopes if scope not in missing]
    Connection.objects.filter(
        pk=connection.pk, generation=connection.generation
    ).update(granted_scopes=kept)


def store_outcome(edit: Edit, lease_id: UUID, outcome: Outcome) -> float | None:
    """Store what an error made of an edit; return seconds until it is tried again."""
    if outcome.wait is None:
        with transaction.atomic():
            columns = {**outcome.columns, "sent_at": None}
            lease.end(edit, lease_id, outcome.state, outcome.reason, **columns)
            trail.record(outcome.state.value, edit, reason=edit.reason)
        dispatch.send_next(edit)
        return None
    sent_at = edit.sent_at if outcome.state is Edit.State.UNKNOWN else None
    lease.wait(
        edit,
        lease_id,
        until=timezone.now() + outcome.wait,
        reason=outcome.reason,
        state=outcome.state,
        sent_at=sent_at,
        **outcome.columns,
    )
    if sent_at is None and discarding.discard_cancelled(edit):
        return None
    return outcome.wait.total_seconds()

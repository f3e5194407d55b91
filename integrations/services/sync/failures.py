"""Turn errors into reasons, and mark what could not be read; what is stored stays."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.http.errors import (
    DAILY_QUOTA,
    PROVIDER_PAUSED,
    REFRESHING,
    ApiError,
    Forbidden,
    Intermediary,
    InvalidRequest,
    InvalidResponse,
    Network,
    NotFound,
    NotJson,
    QuotaExhausted,
    RateLimited,
    Transient,
    Unauthorized,
    may_pass,
)
from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason, ReasonCode
from integrations.models.sync.progress import ProgressState
from integrations.providers.errors import (
    CollectionDeletedError,
    IncompleteListingError,
    NothingSharedError,
)
from integrations.providers.kinds import Deletion
from integrations.providers.typed.values import MAX_NAME, cut
from integrations.services.common.errors import (
    CallsSparedError,
    ConnectorError,
    PlanUnknownError,
)
from integrations.services.items.tables.indexing import rows as table_rows
from integrations.services.sync.collections import refusals
from integrations.services.sync.deletions import lost_collections
from integrations.services.sync.leases.lease import RunLease

logger = logging.getLogger(__name__)

# So many are one too many.
MOST_IN_A_ROW = 6
# Parts of an account that are named in one reason.
MOST_PARTS = 20
# Seconds; what has to wait longer keeps no run open.
LONGEST_PAUSE = 300.0

# The first that fits is taken, so a child stands before its parent.
CODES: tuple[tuple[type[ApiError], ReasonCode], ...] = (
    (ConnectorError, ReasonCode.CONNECTOR_ERROR),
    (CollectionDeletedError, ReasonCode.COLLECTION_DELETED),
    (NothingSharedError, ReasonCode.NOTHING_SHARED),
    (RateLimited, ReasonCode.RATE_LIMITED),
    (Network, ReasonCode.NETWORK),
    (Intermediary, ReasonCode.INTERMEDIARY),
    (NotJson, ReasonCode.ODD_ANSWER),
    (Transient, ReasonCode.PROVIDER_DOWN),
    (PlanUnknownError, ReasonCode.PLAN_UNKNOWN),
    (CallsSparedError, ReasonCode.QUOTA_SPARED),
    (QuotaExhausted, ReasonCode.QUOTA_EXHAUSTED),
    (Unauthorized, ReasonCode.TOKEN_REFUSED),
    (Forbidden, ReasonCode.NO_PERMISSION),
    (NotFound, ReasonCode.NOT_FOUND),
    (InvalidRequest, ReasonCode.REQUEST_REFUSED),
    (InvalidResponse, ReasonCode.ODD_ANSWER),
)
# Errors of a kind that their own code tells apart.
CODES_BY_ERROR_CODE = {
    DAILY_QUOTA: ReasonCode.QUOTA_EXHAUSTED,
    REFRESHING: ReasonCode.REFRESHING,
    PROVIDER_PAUSED: ReasonCode.PROVIDER_PAUSED,
}


def reason_of(exc: ApiError, **data: Any) -> Reason:
    """Return the code of an error, with what its sentence and its details need."""
    code = _code_of(exc)
    if isinstance(exc, ConnectorError):
        return Reason.of(code, reference=exc.reference, origin=exc.origin, **data)
    if isinstance(exc, CollectionDeletedError):
        return Reason.of(code, kind=exc.kind.value, **data)
    if isinstance(exc, QuotaExhausted):
        data = {"until": exc.until.isoformat(), **data}
    return Reason.of(
        code, message=cut(exc.message, 200), detail=cut(exc.detail, 200), **data
    )


def _code_of(exc: ApiError) -> ReasonCode:
    if isinstance(exc, Transient) and exc.code in CODES_BY_ERROR_CODE:
        return CODES_BY_ERROR_CODE[exc.code]
    return next((c for kind, c in CODES if isinstance(exc, kind)), ReasonCode.UNKNOWN)


def facts_of(exc: ApiError) -> dict[str, Any]:
    """Return what the provider can be asked about, for the notes of a collection."""
    return {
        "status": exc.status,
        "error_code": exc.code[:100],
        "correlation_id": exc.correlation_id[:200],
    }


def mark_forbidden(lease: RunLease, collection: Collection, exc: Forbidden) -> None:
    """Mark a collection with the permission it lacks; the others go on."""
    granted = set(lease.connection.granted_scopes)
    missing = exc.missing_scopes or [
        s for s in collection.required_scopes if s not in granted
    ]
    reason = reason_of(exc, **({"scopes": list(missing)} if missing else {}))
    refusals.remember(collection, lease.connection)
    word = Completeness.NO_PERMISSION
    _mark(lease, collection, word, reason, exc, state=ProgressState.SKIPPED)


def mark_blocked(
    lease: RunLease, collection: Collection, exc: ApiError, *, until: datetime
) -> None:
    """Leave a collection alone until the provider answers again; say when that is."""
    collection.blocked_until = until
    word = Completeness(collection.completeness)
    state, reason = ProgressState.SKIPPED, reason_of(exc, until=until.isoformat())
    with transaction.atomic():
        _mark(lease, collection, word, reason, exc, state=state)
        collection.save(update_fields=["blocked_until"])


def block_all(lease: RunLease, exc: ApiError, *, until: datetime) -> Reason:
    """Leave alone all that the run has still to read; return why and until when."""
    reason = reason_of(exc, until=until.isoformat())
    chosen = lease.connection.collections.filter(
        is_selected=True, misses__lt=Collection.MOST_MISSES
    )
    if not chosen:
        lease.note_listing(ProgressState.FAILED, reason=reason, **facts_of(exc))
    for collection in chosen:
        if lease.progress_of(collection).state.is_open:
            mark_blocked(lease, collection, exc, until=until)
    return reason


def mark_deleted(
    lease: RunLease, collection: Collection, exc: CollectionDeletedError
) -> None:
    """Lose a collection whose deletion is proven, or that was missed twice."""
    collection.misses = (
        Collection.MOST_MISSES if exc.is_proven else collection.misses + 1
    )
    with transaction.atomic():
        table_rows.lock_rows(collection)
        collection.save(update_fields=["misses"])
        if collection.is_listed:
            word, state = Completeness.PARTIAL, ProgressState.SKIPPED
            _mark(lease, collection, word, reason_of(exc), exc, state=state)
            return
        lost_collections.lose(lease, [collection], Deletion(kind=exc.kind))
        reason = Reason.stored(collection.reason, collection.reason_data)
        lease.note(
            collection, state=ProgressState.SKIPPED, reason=reason, **facts_of(exc)
        )
        lease.renew()


def mark_empty(
    lease: RunLease, collection: Collection, exc: NothingSharedError
) -> None:
    """Note that nothing was shared; whether anything is will be asked again."""
    word = Completeness.PENDING
    _mark(lease, collection, word, reason_of(exc), exc, state=ProgressState.DONE)


def mark_failed(lease: RunLease, collection: Collection, exc: ApiError) -> None:
    """Mark a collection with why it could not be read; what is stored stays."""
    reason = lease.progress_of(collection).failure or reason_of(exc)
    was_complete = collection.completeness == Completeness.COMPLETE
    word = Completeness.COMPLETE if was_complete else Completeness.PARTIAL
    wait = exc.retry_after if isinstance(exc, Transient) else None
    retry_at = timezone.now() + timedelta(seconds=wait) if wait else None
    lease.note(collection, retry_at=retry_at)
    _mark(lease, collection, word, reason, exc, state=ProgressState.FAILED)


def note_listing(lease: RunLease, exc: ApiError) -> None:
    """Note that the account's collections could not be listed."""
    state = ProgressState.FAILED
    lease.note_listing(state, reason=reason_of(exc), **facts_of(exc))
    lease.renew()


def note_listed(lease: RunLease, missing: IncompleteListingError | None) -> None:
    """Note that the collections were listed, all but those of some named parts.

    What may pass is asked for by the next run, which comes soon.
    """
    if missing is None or not missing.parts:
        lease.note_listing(ProgressState.DONE)
    else:
        state = ProgressState.DONE if missing.is_definite else ProgressState.PARTIAL
        if may_pass(missing.cause):
            state = ProgressState.FAILED
        names = [cut(name, MAX_NAME) for name, _ in missing.parts]
        reason = reason_of(missing.cause, parts=names[:MOST_PARTS])
        lease.note_listing(state, reason=reason, **facts_of(missing.cause))
    lease.renew()


def _mark(
    lease: RunLease,
    collection: Collection,
    word: Completeness,
    reason: Reason,
    exc: ApiError,
    *,
    state: ProgressState,
) -> None:
    with transaction.atomic():
        lease.note(collection, state=state, reason=reason, **facts_of(exc))
        collection.completeness = word
        collection.set_reason(reason)
        collection.save(
            update_fields=["completeness", "before_refusal", *Collection.REASON_COLUMNS]
        )
        lease.renew()


def log(what: str, lease: RunLease, collection: Collection, exc: ApiError) -> None:
    """Write down what happened to a collection, for whoever asks the provider."""
    logger.warning(
        "%s connection=%s collection=%s error=%s status=%s correlation_id=%s",
        what,
        lease.connection.pk,
        collection.pk,
        type(exc).__name__,
        exc.status,
        exc.correlation_id,
    )

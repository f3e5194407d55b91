"""Say on a collection why it could not be read; what is stored of it stays."""

import logging

from django.db import transaction
from django.utils import timezone

from integrations.http.errors import ApiError, Forbidden, QuotaExhausted
from integrations.models import Collection
from integrations.models.collection import Completeness
from integrations.providers.errors import CollectionDeletedError
from integrations.services.sync import full_refresh
from integrations.services.sync.lease import Slice

logger = logging.getLogger(__name__)


def mark_forbidden(current: Slice, collection: Collection, exc: Forbidden) -> None:
    """Say which permission is missing; the other collections go on."""
    granted = set(current.connection.granted_scopes)
    missing = exc.missing_scopes or [
        s for s in collection.required_scopes if s not in granted
    ]
    reason = f"needs {', '.join(missing)}" if missing else exc.message
    _mark(current, collection, Completeness.NO_PERMISSION, reason, state="skipped")


def mark_blocked(current: Slice, collection: Collection, exc: QuotaExhausted) -> None:
    """Leave a collection alone until its quota comes back; say when that is."""
    collection.blocked_until = exc.until
    collection.save(update_fields=["blocked_until"])
    word = collection.completeness
    _mark(current, collection, word, exc.message, state="skipped")


def mark_deleted(
    current: Slice, collection: Collection, exc: CollectionDeletedError
) -> None:
    """Hide a collection that its provider says is gone, or that was missed twice."""
    collection.misses = (
        Collection.MOST_MISSES if exc.is_proven else collection.misses + 1
    )
    now = timezone.now()
    with transaction.atomic():
        if not collection.is_listed:
            full_refresh.soft_delete_all(
                collection, exc.message, run_id=current.run.pk, now=now
            )
        collection.save(update_fields=["misses"])
        word = (
            Completeness.PARTIAL if collection.is_listed else Completeness.NO_PERMISSION
        )
        _mark(current, collection, word, exc.message, state="skipped")


def mark_failed(current: Slice, collection: Collection, exc: ApiError) -> None:
    """Say why this collection could not be read; what is stored stays."""
    reason = current.entry(collection).get("failure") or exc.message
    was_complete = collection.completeness == Completeness.COMPLETE
    word = Completeness.COMPLETE if was_complete else Completeness.PARTIAL
    _mark(current, collection, word, reason, state="failed")


def _mark(
    current: Slice, collection: Collection, word: str, reason: str, *, state: str
) -> None:
    with transaction.atomic():
        current.keep(collection, state=state, reason=reason[:200])
        collection.completeness = word
        collection.reason = reason[:300]
        collection.save(update_fields=["completeness", "reason"])


def log(what: str, current: Slice, collection: Collection, exc: ApiError) -> None:
    """Write down what happened to a collection, for whoever asks the provider."""
    logger.warning(
        "%s connection=%s collection=%s error=%s status=%s correlation_id=%s",
        what,
        current.connection.pk,
        collection.pk,
        type(exc).__name__,
        exc.status,
        exc.correlation_id,
    )

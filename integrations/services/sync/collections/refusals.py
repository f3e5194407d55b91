"""Refused collections: what had been proven of one goes on when the refusal ends."""

from msgspec import Struct

from integrations.models import Collection, Connection
from integrations.models.collection import Completeness
from integrations.models.reasons import Reason
from integrations.providers.typed import typed_json


class BeforeRefusal(Struct, frozen=True, kw_only=True):
    """What was known of a collection, and the scopes it was refused with."""

    completeness: Completeness
    reason: Reason | None = None
    scopes: tuple[str, ...] = ()


def remember(collection: Collection, connection: Connection) -> None:
    """Keep what is known before a collection is marked; the caller saves the field."""
    if collection.completeness == Completeness.NO_PERMISSION:
        return
    before = BeforeRefusal(
        completeness=Completeness(collection.completeness),
        reason=Reason.stored(collection.reason, collection.reason_data),
        scopes=tuple(sorted(connection.granted_scopes)),
    )
    collection.before_refusal = typed_json.dump(before)


def may_continue(collection: Collection, connection: Connection) -> bool:
    """Tell whether reading goes on at the watermark once a refusal has ended.

    With other scopes more, or less, of what is stored may be shown.
    """
    before = _read(collection)
    scopes = tuple(sorted(connection.granted_scopes))
    return before is not None and before.scopes == scopes


def restore(collection: Collection) -> None:
    """Return to what was known before, as far as that is; the caller saves it."""
    before = _read(collection)
    if before is None or collection.completeness != Completeness.NO_PERMISSION:
        return
    collection.completeness = before.completeness
    collection.set_reason(before.reason)
    collection.before_refusal = None


def _read(collection: Collection) -> BeforeRefusal | None:
    if collection.before_refusal is None:
        return None
    try:
        return typed_json.load(BeforeRefusal, collection.before_refusal)
    except typed_json.UnreadableError:
        return None

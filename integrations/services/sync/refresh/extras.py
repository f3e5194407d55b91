"""Optional parts of a refresh: what refuses one is a note, never a failure."""

from collections.abc import Collection as Container
from typing import Any, Final

from integrations.http.errors import ApiError, Transient, is_refusal, may_pass
from integrations.models import Collection
from integrations.models.reasons import Reason, ReasonCode
from integrations.providers.records import REFUSED_KEY
from integrations.services.sync.leases.lease import RunLease

# Those that every provider may have; others are named by the schema of a collection.
SCHEMA: Final = "schema"
# Without a kept schema, which fields there are is not known at all.
FIELDS: Final = "fields"
DELETIONS: Final = "deletions"
COUNT: Final = "count"
# What may pass is waited for so often, and never for longer than this.
MOST_TRIES: Final = 2
LONGEST_WAIT: Final = 60.0


def may_do_without(
    lease: RunLease,
    collection: Collection,
    exc: ApiError,
    *,
    is_needed: bool = False,
    waits: bool = True,
) -> bool:
    """Tell whether a refresh goes on without what failed, with a note.

    What may pass is waited for a little before, unless something that ``waits`` for
    nothing asks; for as long as the provider asks for where it ``is_needed``.
    """
    if not is_refusal(exc):
        return False
    asked_for = exc.retry_after if isinstance(exc, Transient) else None
    is_soon = is_needed or (asked_for or 0.0) <= LONGEST_WAIT
    tries = lease.progress_of(collection).tries
    may_wait = waits or is_needed
    return not (may_wait and may_pass(exc) and is_soon and tries < MOST_TRIES)


def refused_in(schema: dict[str, Any]) -> list[str]:
    """Return the optional parts that were not told with a schema."""
    told = schema.get(REFUSED_KEY)
    return [str(each) for each in told] if isinstance(told, list) else []


def note_of(
    collection: Collection, *, asked: Container[str], refused: Container[str]
) -> Reason | None:
    """Return the note on what was refused, None when nothing was.

    What was not ``asked`` for this time is as it was.
    """
    is_noted = collection.pending_reason == ReasonCode.EXTRAS_REFUSED
    before = collection.pending_reason_data.get("extras", []) if is_noted else []
    kept = [name for name in before if name in {DELETIONS, COUNT} - set(asked)]
    names = dict.fromkeys([*refused_in(collection.schema), *kept, *refused])
    return Reason.of(ReasonCode.EXTRAS_REFUSED, extras=[*names]) if names else None

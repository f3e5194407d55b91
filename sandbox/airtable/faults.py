"""List the ways only Airtable can misbehave."""

from sandbox.airtable.api import errors
from sandbox.core.state import FaultKind


def _fail(name: str, label: str, kind: str) -> FaultKind:
    return FaultKind(name, label, before=lambda *_: errors.answer_error(kind))


FAULTS = (
    _fail("rate_limit", "429 as seen in practice", errors.RATE),
    _fail("monthly_limit", "429: the month is used up", errors.MONTH),
    _fail("iterator_gone", "422: the listing cannot go on", errors.ITERATOR_GONE),
    _fail("forbidden", "403 INVALID_PERMISSIONS", errors.FORBIDDEN),
)

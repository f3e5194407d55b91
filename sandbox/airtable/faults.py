"""List the ways only Airtable can misbehave."""

from sandbox.airtable.api.errors import (
    FORBIDDEN,
    ITERATOR_GONE,
    MONTH,
    RATE,
    answer_error,
)
from sandbox.core.state import FaultKind


def _fail(name: str, label: str, kind: str) -> FaultKind:
    return FaultKind(name, label, before=lambda *_: answer_error(kind))


FAULTS = (
    _fail("rate_limit", "429 as seen in practice", RATE),
    _fail("monthly_limit", "429: the month is used up", MONTH),
    _fail("iterator_gone", "422: the listing cannot go on", ITERATOR_GONE),
    _fail("forbidden", "403 INVALID_PERMISSIONS", FORBIDDEN),
)

"""List the ways only Airtable can misbehave."""

from sandbox.airtable.api.errors import (
    FORBIDDEN,
    ITERATOR_GONE,
    MONTH,
    RATE,
    answer_error,
)
from sandbox.core.provider import Params
from sandbox.core.serving.web import Request, Response
from sandbox.core.state import FaultKind, Sandbox


def _fail(name: str, label: str, kind: str, shape: str = "") -> FaultKind:
    def fail(sandbox: Sandbox, request: Request, params: Params) -> Response:
        return answer_error(kind, shape=shape)

    return FaultKind(name, label, before=fail)


FAULTS = (
    _fail("rate_limit", "429 as seen in practice", RATE),
    _fail("rate_limit_documented", "429 as documented", RATE, "object"),
    _fail("monthly_limit", "429: the month is used up", MONTH),
    _fail("iterator_gone", "422: the listing cannot go on", ITERATOR_GONE),
    _fail("forbidden", "403 INVALID_PERMISSIONS", FORBIDDEN),
)

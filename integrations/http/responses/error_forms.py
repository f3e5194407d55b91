"""Forms of a provider's error bodies, by which its answers are told from others'.

A proxy, a firewall or the sign-in page of a network answers in a provider's place, with
statuses that mean something else when the provider sends them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from integrations.http.errors import ApiError, Intermediary
from integrations.http.responses.classify import ASKS_TO_WAIT, error_body
from integrations.http.sending.transport import Response

# What an error body has: texts by their paths, each with a pattern of the whole text.
# ``errors.0.code`` is the ``code`` of the first of ``errors``.
ErrorForm = Mapping[str, str]

TEXT: Final = r"(?s:.+)"
UPPER_CODE: Final = r"[A-Z][A-Z0-9_]*"
LOWER_CODE: Final = r"[a-z][a-z0-9_]*"
# RFC 6749 section 5.2.
RFC_FORM: Final[ErrorForm] = {"error": LOWER_CODE}
# Any object: of a provider that describes no form, every JSON error is its own.
ANY_FORM: Final[ErrorForm] = {}
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\b", re.IGNORECASE)


def is_from_intermediary(response: Response, forms: Sequence[ErrorForm]) -> bool:
    """Tell whether a refusal or a redirect is of none of the provider's own forms.

    Without forms nobody can tell. A server's failure passes whoever answered it.
    """
    is_refusal = 300 <= response.status < 500 and response.status not in ASKS_TO_WAIT
    return bool(forms) and is_refusal and not _has_form(response, forms)


def intermediary_error(response: Response, error: ApiError) -> Intermediary:
    """Return the error of an answer that came from an intermediary."""
    return Intermediary(
        f"an intermediary answered {response.status} in the provider's place",
        retry_after=getattr(error, "retry_after", None),
        status=response.status,
    )


def _has_form(response: Response, forms: Sequence[ErrorForm]) -> bool:
    kind = response.headers.get("content-type", "")
    if kind and not _JSON.match(kind):
        return False
    body = error_body(response)
    return bool(body) and any(_fits(body, form) for form in forms)


def _fits(body: Mapping[str, Any], form: ErrorForm) -> bool:
    return all(
        re.fullmatch(pattern, _text_at(body, path)) for path, pattern in form.items()
    )


def _text_at(body: Any, path: str) -> str:
    for name in path.split("."):
        if isinstance(body, list) and name.isdecimal():
            body = dict(enumerate(body)).get(int(name))
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, str) else ""

"""Read an authorization response strictly, before anything is done with it."""

import re

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from msgspec import Struct

from integrations.http.secrets import Secret

MOST_CHARACTERS = 8192
LONGEST_CODE = 4096
STATE = re.compile(r"^[A-Za-z0-9._-]{16,256}$")
ERROR = re.compile(r"^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,100}$")


class AuthorizationResponse(Struct, frozen=True, kw_only=True):
    """Parameters of an authorization response; either a code or an error is there."""

    state: str
    code: Secret | None
    error: str
    issuer: str

    @classmethod
    def read(cls, request: HttpRequest) -> "AuthorizationResponse":
        """Parse the query; BadRequest when one is missing, repeated, huge or odd."""
        if len(request.META.get("QUERY_STRING", "")) > MOST_CHARACTERS:
            raise BadRequest("the answer is too long")
        values = {name: _only(request, name) for name in ("state", "code", "error")}
        if not STATE.match(values["state"]):
            raise BadRequest("the answer has no usable state")
        code, error = values["code"], values["error"]
        if bool(code) == bool(error):
            raise BadRequest("the answer has neither a code nor an error, or both")
        if len(code) > LONGEST_CODE or not code.isprintable():
            raise BadRequest("the code is not usable")
        if error and not ERROR.match(error):
            raise BadRequest("the error is not usable")
        return cls(
            state=values["state"],
            code=Secret(code) if code else None,
            error=error,
            issuer=_only(request, "iss"),
        )


def _only(request: HttpRequest, name: str) -> str:
    values = request.GET.getlist(name)
    if len(values) > 1:
        raise BadRequest(f"the answer repeats {name}")
    return values[0] if values else ""

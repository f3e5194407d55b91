"""Read what a client sends to the token endpoints, and know the client by it."""

import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.core.endpoints import UNKNOWN
from sandbox.core.state import Sandbox
from sandbox.core.web import BadBodyError, Request
from sandbox.oauth.policy import Policy
from sandbox.oauth.refusals import RefusedError


def get_text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def get_required(fields: Mapping[str, Any], *names: str) -> str:
    """Return the first of the fields; each must be there."""
    if missing := [name for name in names if not get_text(fields, name)]:
        raise RefusedError("missing", ", ".join(missing))
    return get_text(fields, names[0]) if names else ""


def refuse_undescribed(sandbox: Sandbox, request: Request) -> None:
    """Refuse fields that the endpoint does not know."""
    problem = sandbox.check_call(request)
    if problem is not None and problem.why == UNKNOWN:
        raise RefusedError("undescribed", problem.where.partition(".")[2])


def read_fields(policy: Policy, request: Request) -> dict[str, Any]:
    if policy.body == "form":
        return dict(request.form)
    try:
        body = request.json() if request.content_type == "application/json" else None
    except BadBodyError:
        body = None
    if not isinstance(body, dict):
        raise RefusedError("body")
    return body


def check_client(
    policy: Policy, sandbox: Sandbox, request: Request, fields: Mapping[str, Any]
) -> None:
    """Accept the client's id and secret from the one place they belong."""
    app = sandbox.config.get_registration(policy.slug)
    given = {name: get_text(fields, name) for name in ("client_id", "client_secret")}
    if policy.secret_in == "basic":
        client_id, secret = request.basic or ("", "")
        # An id in the body as well must not differ.
        if "client_id" in fields and given["client_id"] != client_id:
            raise RefusedError("client_id")
        given = {"client_id": client_id, "client_secret": secret}
    expected = {"client_id": app.client_id, "client_secret": app.client_secret}
    for name, value in expected.items():
        if not secrets.compare_digest(given[name].encode(), value.encode()):
            raise RefusedError(name)

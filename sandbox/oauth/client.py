"""Read what a client sends to the token endpoints, and know the client by it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.serving.endpoints import UNKNOWN
from sandbox.core.serving.web import BadBodyError, Request, Response
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.oauth.grants import Grants
from sandbox.oauth.policy import Policy
from sandbox.oauth.refusals import RefusedError


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a token endpoint: what it sent, and where it is written."""

    policy: Policy
    sandbox: Sandbox
    request: Request
    # Nothing, when the body cannot be read.
    fields: Mapping[str, Any]

    @property
    def now(self) -> float:
        return self.sandbox.clock()

    @property
    def storage(self) -> Storage:
        return self.sandbox.storage

    @property
    def grants(self) -> Grants:
        return self.policy.grants(self.sandbox)

    def get(self, name: str) -> str:
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def check_fields(self, *required: str) -> None:
        """Insist on fields, and refuse those that the endpoint does not know."""
        if missing := [name for name in required if not self.get(name)]:
            raise RefusedError("missing", ", ".join(missing))
        problem = self.sandbox.check_call(self.request)
        if problem is not None and problem.why == UNKNOWN:
            raise RefusedError("undescribed", problem.where.partition(".")[2])

    def check_client(self) -> None:
        """Accept the client's id and secret from the one place they belong.

        Only of a known client a body that cannot be read is told.
        """
        app = self.sandbox.config.get_registration(self.policy.slug)
        given = {name: self.get(name) for name in ("client_id", "client_secret")}
        if self.policy.secret_in == "basic":
            client_id, secret = self.request.basic or ("", "")
            # An id in the body as well must not differ.
            if "client_id" in self.fields and given["client_id"] != client_id:
                raise RefusedError("client_id")
            given = {"client_id": client_id, "client_secret": secret}
        expected = {"client_id": app.client_id, "client_secret": app.client_secret}
        for name, value in expected.items():
            if not secrets.compare_digest(given[name].encode(), value.encode()):
                raise RefusedError(name)
        if read_fields(self.policy, self.request) is None:
            raise RefusedError("body")

    def refuse(self, why: RefusedError) -> Response:
        refusal = self.policy.get_refusal(why.reason).fill(why.detail)
        return self.policy.answer_error(self.sandbox, self.request, refusal)


def read_call(policy: Policy, sandbox: Sandbox, request: Request) -> Call:
    fields = read_fields(policy, request) or {}
    return Call(policy=policy, sandbox=sandbox, request=request, fields=fields)


def read_fields(policy: Policy, request: Request) -> Mapping[str, Any] | None:
    if policy.body == "form":
        return request.form
    try:
        body = request.json() if request.content_type == "application/json" else None
    except BadBodyError:
        return None
    return body if isinstance(body, dict) else None

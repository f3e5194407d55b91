"""Check an authorization request by Airtable's rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox.airtable.api.params import Pairs, find_repeated
from sandbox.airtable.seed.accounts import SLUG, get_app_scopes
from sandbox.core.web import Response, redirect

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

CARRIED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
STATE = re.compile(r"[A-Za-z0-9._-]{16,1024}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class BadRequestError(Exception):
    """Say what is wrong on a page of Airtable's own; nothing is sent back."""


class SentBackError(Exception):
    """Carry the redirect that tells the integration what went wrong."""

    def __init__(self, response: Response) -> None:
        """Keep the redirect."""
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Hold an authorization request whose way back is known to be good."""

    redirect_uri: str
    fields: Mapping[str, str]

    @property
    def scopes(self) -> list[str]:
        """Return the scopes asked for."""
        return self.fields.get("scope", "").split()

    def send_back(self, **answer: str) -> Response:
        """Redirect to the integration; the state goes along when there was one."""
        if state := self.fields.get("state"):
            answer["state"] = state
        joint = "&" if "?" in self.redirect_uri else "?"
        return redirect(f"{self.redirect_uri}{joint}{urlencode(answer)}")

    def refuse(self, error: str, description: str) -> SentBackError:
        """Make the error that sends the person back without a code."""
        answer = self.send_back(error=error, error_description=description)
        return SentBackError(answer)


def check_request(sandbox: "Sandbox", pairs: Pairs) -> Asked:
    """Return the request, or raise what Airtable does with a wrong one."""
    app = sandbox.config.get_registration(SLUG)
    fields = {name: value for name, value in pairs if name in CARRIED}
    if find_repeated(pairs, ("client_id", "redirect_uri")):
        raise BadRequestError("The client id or the redirect URL came twice.")
    if fields.get("client_id") != app.client_id:
        raise BadRequestError("No integration with this client id is registered.")
    if fields.get("redirect_uri") != app.redirect_uri:
        raise BadRequestError(
            "The redirect URL of the request is not the one that was registered."
        )
    asked = Asked(redirect_uri=app.redirect_uri, fields=fields)
    if repeated := find_repeated(pairs, CARRIED):
        raise asked.refuse("invalid_request", f"repeated: {', '.join(repeated)}")
    _check_fields(asked)
    _check_scopes(sandbox, asked)
    if error := sandbox.switches.get(SLUG, "authorize_error"):
        raise asked.refuse(error, "as the sandbox was told")
    return asked


def _check_fields(asked: Asked) -> None:
    fields = asked.fields
    if fields.get("response_type") != "code":
        raise asked.refuse("unsupported_response_type", "response_type must be code")
    if not STATE.fullmatch(fields.get("state", "")):
        raise asked.refuse("invalid_request", "state must be 16 to 1024 characters")
    if not CHALLENGE.fullmatch(fields.get("code_challenge", "")):
        raise asked.refuse("invalid_request", "code_challenge is missing or malformed")
    if fields.get("code_challenge_method") != "S256":
        raise asked.refuse("invalid_request", "code_challenge_method must be S256")


def _check_scopes(sandbox: "Sandbox", asked: Asked) -> None:
    withdrawn = set(sandbox.switches.get(SLUG, "withdrawn_scopes"))
    known = get_app_scopes(sandbox.config) - withdrawn
    scopes = asked.scopes
    if not scopes or len(set(scopes)) < len(scopes) or not set(scopes) <= known:
        raise asked.refuse(
            "invalid_scope", "scope must hold registered scopes, each once"
        )

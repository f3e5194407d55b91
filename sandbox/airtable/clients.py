"""Know the integration by its Basic header and by nothing else."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sandbox.airtable.refusals import RefusedError
from sandbox.airtable.seed.accounts import SLUG
from sandbox.core.web import Request

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


def check_client(sandbox: "Sandbox", request: Request, form: Mapping[str, str]) -> None:
    """Refuse a call whose header, or a differing client_id, is not the app's."""
    app = sandbox.config.get_registration(SLUG)
    client_id, secret = _read_basic(request.header("Authorization"))
    same_id = secrets.compare_digest(client_id.encode(), app.client_id.encode())
    same_secret = secrets.compare_digest(secret.encode(), app.client_secret.encode())
    if not (same_id and same_secret):
        raise _refuse("the client id or secret is missing or wrong")
    if form.get("client_id", client_id) != client_id:
        raise _refuse("the client ids of header and body differ")


def _read_basic(header: str) -> tuple[str, str]:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        raise _refuse("an integration with a secret needs the Authorization header")
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise _refuse("the Authorization header cannot be read") from exc
    client_id, _, secret = text.partition(":")
    return client_id, secret


def _refuse(description: str) -> RefusedError:
    return RefusedError("invalid_client", description, status=401)

"""Ask a person for consent, as strictly as Notion checks the request."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox.core.provider import Person
from sandbox.core.web import Request, Response, redirect
from sandbox.notion.api.people import OWNERS
from sandbox.notion.consent_page import show_error, show_form
from sandbox.notion.picker import list_pickable
from sandbox.notion.seed.workspaces import SLUG, WORKSPACES, Workspace
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

CARRIED = ("client_id", "redirect_uri", "response_type", "owner", "state")
MUST_BE = {"response_type": "code", "owner": "user"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Hold a checked authorization request."""

    redirect_uri: str
    state: str
    fields: dict[str, str]


class BadRequestError(Exception):
    """Say what is wrong with a request, to the person or to the app."""

    def __init__(self, reason: str, asked: Asked | None = None) -> None:
        """Keep the reason, and where to send it when that is known to be safe."""
        super().__init__(reason)
        self.asked = asked


def show_consent(sandbox: "Sandbox", request: Request) -> Response:
    """Show the consent page, or what is wrong with the request."""
    try:
        asked = _check(sandbox, request.query)
    except BadRequestError as exc:
        return _answer_bad(exc)
    return show_form(sandbox, asked.fields)


def take_consent(sandbox: "Sandbox", request: Request) -> Response:
    """Send the person back with a code, or with the reason there is none."""
    form = request.form
    try:
        asked = _check(sandbox, form)
        if form.get("action") != "allow":
            return _send_back(asked, {"error": "access_denied"})
        workspace, person = _read_identity(form)
        picked = _read_picked(sandbox, form, workspace, person)
    except BadRequestError as exc:
        return _answer_bad(exc)
    owner = form.get("grant_owner", "person")
    if owner not in OWNERS:
        return show_error("Choose what is told about you first.")
    code = secrets.token_urlsafe(27)
    lifetime = sandbox.switches.get(SLUG, "code_seconds", workspace.id)
    with sandbox.storage.write() as connection:
        grants.add_code(
            connection,
            value=code,
            provider=SLUG,
            account=workspace.id,
            user=person.id,
            scopes="",
            redirect_uri=asked.redirect_uri,
            challenge="",
            method="",
            expires_at=sandbox.clock() + lifetime,
        )
        connection.execute(
            "INSERT INTO notion_consent VALUES (?, ?, ?)",
            (code, owner, json.dumps(picked)),
        )
    return _send_back(asked, {"code": code})


def _check(sandbox: "Sandbox", given: Mapping[str, str]) -> Asked:
    app = sandbox.config.get_registration(SLUG)
    if given.get("client_id") != app.client_id:
        raise BadRequestError("Missing or invalid client_id.")
    if given.get("redirect_uri") != app.redirect_uri:
        raise BadRequestError("Missing or invalid redirect_uri.")
    asked = Asked(
        redirect_uri=app.redirect_uri,
        state=given.get("state", ""),
        fields={name: given[name] for name in CARRIED if name in given},
    )
    for name, value in MUST_BE.items():
        if given.get(name) != value:
            message = f"{name} must be {value}"
            raise BadRequestError(message, asked)
    return asked


def _read_identity(form: Mapping[str, str]) -> tuple[Workspace, Person]:
    workspace_id, _, person_id = form.get("identity", "").partition(":")
    for workspace in WORKSPACES:
        for person in workspace.people:
            if (workspace.id, person.id) == (workspace_id, person_id):
                return workspace, person
    raise BadRequestError("Choose a workspace and a person first.")


def _read_picked(
    sandbox: "Sandbox", form: Mapping[str, str], workspace: Workspace, person: Person
) -> list[str]:
    prefix = f"page:{person.id}:"
    picked = [name.removeprefix(prefix) for name in form if name.startswith(prefix)]
    offered = {choice.id for choice in list_pickable(sandbox, workspace, person)}
    if not offered.issuperset(picked):
        raise BadRequestError("Only pages of your own list can be picked.")
    return picked


def _answer_bad(error: BadRequestError) -> Response:
    if error.asked is None:
        return show_error(str(error))
    fields = {"error": "invalid_request", "error_description": str(error)}
    return _send_back(error.asked, fields)


def _send_back(asked: Asked, fields: dict[str, str]) -> Response:
    state = {"state": asked.state} if asked.state else {}
    joint = "&" if "?" in asked.redirect_uri else "?"
    return redirect(f"{asked.redirect_uri}{joint}{urlencode({**fields, **state})}")

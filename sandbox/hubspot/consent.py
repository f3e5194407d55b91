"""Ask the person for consent, as strictly as HubSpot checks the request."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox.core.html import Safe, each, fill, join, show_page
from sandbox.core.provider import Person
from sandbox.core.web import Request, Response, redirect
from sandbox.hubspot.api.auth import SLUG
from sandbox.hubspot.seed.accounts import BY_ID, PORTALS, Portal, get_app_scopes
from sandbox.oauth import grants

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

BANNER = "Sandbox — simulated HubSpot. No real data, no real account."
CARRIED = (
    "client_id",
    "redirect_uri",
    "scope",
    "optional_scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
WORDS = {
    "oauth": "Know which account is connected",
    "crm.objects.contacts.read": "See contacts",
    "crm.objects.contacts.write": "Create and change contacts",
    "crm.objects.companies.read": "See companies",
    "crm.objects.companies.write": "Create and change companies",
    "crm.objects.deals.read": "See deals",
    "crm.objects.deals.write": "Create and change deals",
    "crm.objects.owners.read": "See who owns a record",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Hold a checked authorization request."""

    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    optional: tuple[str, ...]
    challenge: str
    method: str
    fields: dict[str, str]


class BadRequestError(Exception):
    """Say what is wrong with an authorization request, on a page of our own."""


def show_consent(sandbox: "Sandbox", request: Request) -> Response:
    """Show the consent page, or why this application cannot be installed."""
    try:
        asked = _check(sandbox, request.query)
        portals = _choose_portals(request)
    except BadRequestError as exc:
        return _show_error(str(exc))
    main = fill(
        CONSENT,
        portals=join(
            _show_portal(portal, asked, is_first=portal is portals[0])
            for portal in portals
        ),
        scopes=_show_scopes(asked),
        hidden=each(
            '<input type="hidden" name="$name" value="$value">',
            ({"name": n, "value": v} for n, v in asked.fields.items()),
        ),
    )
    return show_page("Connect an app", main, banner=BANNER, kind="consent")


def take_consent(sandbox: "Sandbox", request: Request) -> Response:
    """Send the person back with a code, or with the reason there is none."""
    try:
        asked = _check(sandbox, request.form)
        allowed = _choose_portals(request)
        if request.form.get("action") != "connect":
            return _send_back(asked, error="access_denied", reason="consent was denied")
        portal, person = _read_identity(request.form, allowed)
    except BadRequestError as exc:
        return _show_error(str(exc))
    if not person.is_admin:
        reason = "you do not have permission to install apps in this account"
        return _send_back(asked, error="access_denied", reason=reason)
    if missing := [scope for scope in asked.scopes if not portal.has_scope(scope)]:
        return _show_error(f"This account does not include: {', '.join(missing)}.")
    optional = [scope for scope in asked.optional if portal.has_scope(scope)]
    now = sandbox.clock()
    code = secrets.token_urlsafe(30)
    with sandbox.storage.write() as connection:
        grants.add_code(
            connection,
            value=code,
            provider=SLUG,
            account=portal.id,
            user=person.id,
            scopes=" ".join((*asked.scopes, *optional)),
            redirect_uri=asked.redirect_uri,
            challenge=asked.challenge,
            method=asked.method,
            expires_at=now + sandbox.switches.get(SLUG, "code_seconds"),
        )
    return _send_back(asked, code=code)


def _check(sandbox: "Sandbox", given: Mapping[str, str]) -> Asked:
    app = sandbox.config.get_registration(SLUG)
    required, known_optional = get_app_scopes(sandbox.config)
    if given.get("client_id") != app.client_id:
        raise BadRequestError("No app with this client id is registered.")
    if given.get("redirect_uri") != app.redirect_uri:
        raise BadRequestError(
            "The redirect URL of the request is not the one registered for this app."
        )
    scopes = tuple(dict.fromkeys(given.get("scope", "").split()))
    optional = tuple(dict.fromkeys(given.get("optional_scope", "").split()))
    if missing := required - set(scopes):
        names = " ".join(sorted(missing))
        message = f"The request lacks scopes this app requires: {names}."
        raise BadRequestError(message)
    unknown = (set(scopes) - required) | (set(optional) - known_optional - required)
    if unknown:
        names = " ".join(sorted(unknown))
        message = f"The request and the app's configuration disagree on: {names}."
        raise BadRequestError(message)
    method = given.get("code_challenge_method", "plain")
    if method not in ("plain", "S256"):
        raise BadRequestError("The code challenge method is not known.")
    return Asked(
        redirect_uri=app.redirect_uri,
        state=given.get("state", ""),
        scopes=scopes,
        optional=tuple(scope for scope in optional if scope not in scopes),
        challenge=given.get("code_challenge", ""),
        method=method,
        fields={name: given[name] for name in CARRIED if name in given},
    )


def _choose_portals(request: Request) -> tuple[Portal, ...]:
    hub_id = request.params.get("hub_id")
    if hub_id is None:
        return PORTALS
    if hub_id not in BY_ID:
        raise BadRequestError("There is no account with this number.")
    return (BY_ID[hub_id],)


def _read_identity(
    form: Mapping[str, str], allowed: tuple[Portal, ...]
) -> tuple[Portal, Person]:
    portal_id, _, person_id = form.get("identity", "").partition(":")
    for portal in allowed:
        for person in portal.people:
            if (portal.id, person.id) == (portal_id, person_id):
                return portal, person
    raise BadRequestError("Choose an account and a person first.")


def _send_back(
    asked: Asked, *, code: str = "", error: str = "", reason: str = ""
) -> Response:
    fields = {"code": code} if code else {"error": error, "error_description": reason}
    if asked.state:
        fields["state"] = asked.state
    joint = "&" if "?" in asked.redirect_uri else "?"
    return redirect(f"{asked.redirect_uri}{joint}{urlencode(fields)}")


def _show_error(reason: str) -> Response:
    main = fill(ERROR, reason=reason)
    return show_page(
        "The app cannot be connected", main, banner=BANNER, kind="consent", status=400
    )


def _show_portal(portal: Portal, asked: Asked, *, is_first: bool) -> Safe:
    dropped = [scope for scope in asked.optional if not portal.has_scope(scope)]
    people = [
        {
            "value": f"{portal.id}:{person.id}",
            "name": person.name,
            "email": person.email,
            "role": "Administrator"
            if person.is_admin
            else "Member, cannot connect apps",
            "checked": Safe(
                " checked" if is_first and person is portal.people[0] else ""
            ),
        }
        for person in portal.people
    ]
    return fill(
        PORTAL,
        id=portal.id,
        name=portal.name,
        note=portal.note,
        people=each(PERSON, people),
        dropped=fill(DROPPED, number=len(dropped)) if dropped else "",
    )


def _show_scopes(asked: Asked) -> Safe:
    rows = [(scope, "") for scope in asked.scopes]
    rows += [(scope, "if the account has it") for scope in asked.optional]
    return each(
        "<li>$words <code>$scope</code> <small>$note</small></li>",
        ({"words": WORDS.get(s, s), "scope": s, "note": note} for s, note in rows),
    )


CONSENT = """
<h1>Connect an app to your account</h1>
<p><strong>Mooring (sandbox registration)</strong> wants to use a simulated HubSpot
account. Choose the account, and who you are in it.</p>
<form method="post">
$hidden
$portals
<details open><summary>What the app asks for</summary><ul class="scopes">$scopes</ul>
</details>
<p class="actions">
<button class="main" name="action" value="connect">Connect app</button>
<button name="action" value="cancel" formnovalidate>Cancel</button>
</p>
</form>
"""
PORTAL = """
<fieldset>
<legend>$name</legend>
<p class="note">$note · account $id</p>
$dropped
$people
</fieldset>
"""
PERSON = """
<label class="choice">
<input type="radio" name="identity" value="$value" required$checked>
<span><strong>$name</strong> <span class="mail">$email</span><small>$role</small></span>
</label>
"""
DROPPED = '<p class="note">$number optional permissions are not part of its plan.</p>'
ERROR = """
<h1>The app cannot be connected</h1>
<p>$reason</p>
<p>Nothing was sent back to the app. This is a mistake in the app's configuration or
request, not in your account.</p>
"""

"""Check an authorization request, ask the person, and send them back."""

import re
import secrets
from urllib.parse import urlencode

from sandbox.core.html import show_page
from sandbox.core.provider import User
from sandbox.core.serving.web import Pairs, Request, Response, find_repeated, redirect
from sandbox.core.state import Sandbox
from sandbox.oauth import grants
from sandbox.oauth.consent import (
    AskAgainError,
    Asked,
    Consent,
    Decision,
    ProblemError,
    SentBackError,
)
from sandbox.oauth.policy import Policy

CHALLENGE = ("code_challenge", "code_challenge_method")
SCOPES = ("scope", "optional_scope")
APP = ("client_id", "redirect_uri")
CARRIED = (*APP, "response_type", "owner", *SCOPES, "state", *CHALLENGE)
S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def ask(policy: Policy, sandbox: Sandbox, request: Request) -> Response:
    """Show the consent page, or send the person back with a code or with a reason."""
    is_first = request.method == "GET"
    pairs = request.query_pairs if is_first else request.form_pairs
    try:
        asked = _read(policy, sandbox, pairs)
        _check(policy, sandbox, asked, pairs)
        if is_first:
            return _show_form(policy, sandbox, asked)
        consent = _read_consent(policy, request, asked)
        decision = policy.decide(sandbox, consent)
    except ProblemError as exc:
        more = {"policy": policy, "reason": str(exc)}
        title = "The app cannot be connected"
        return show_page("oauth/problem.html", title, status=400, **more)
    except SentBackError as exc:
        return _send_back(asked, exc.fields)
    except AskAgainError as exc:
        return _show_form(policy, sandbox, asked, str(exc), consent.user)
    answer = {"code": _make_code(policy, sandbox, consent, decision)}
    if policy.echoes_challenge:
        answer |= {name: asked.fields[name] for name in CHALLENGE}
    return _send_back(asked, answer)


def _read(policy: Policy, sandbox: Sandbox, pairs: Pairs) -> Asked:
    app = sandbox.config.get_registration(policy.slug)
    fields = {name: value for name, value in pairs if name in CARRIED}
    if policy.refuses_repeated and find_repeated(pairs, APP):
        raise ProblemError("The client id or the redirect URL came twice.")
    if fields.get("client_id") != app.client_id:
        raise ProblemError("No app with this client id is registered.")
    if fields.get("redirect_uri") != app.redirect_uri:
        raise ProblemError(
            "The redirect URL of the request is not the one registered for this app."
        )
    return Asked(redirect_uri=app.redirect_uri, fields=fields)


def _check(policy: Policy, sandbox: Sandbox, asked: Asked, pairs: Pairs) -> None:
    try:
        _check_fields(policy, sandbox, asked, pairs)
        _check_challenge(policy, asked)
        policy.check_scopes(sandbox, asked)
    except SentBackError as exc:
        if policy.mistakes_on_page:
            raise ProblemError(exc.fields.get("error_description", "")) from exc
        raise


def _check_fields(policy: Policy, sandbox: Sandbox, asked: Asked, pairs: Pairs) -> None:
    if error := policy.get(sandbox, "authorize_error"):
        raise SentBackError(error, "as the sandbox was told")
    if policy.refuses_repeated and (repeated := find_repeated(pairs, CARRIED)):
        raise SentBackError("invalid_request", f"repeated: {', '.join(repeated)}")
    for name, (value, error) in policy.must_be.items():
        if asked.fields.get(name) != value:
            raise SentBackError(error, f"{name} must be {value}")
    if policy.state and not policy.state.fullmatch(asked.fields.get("state", "")):
        raise SentBackError("invalid_request", "state is missing or malformed")


def _check_challenge(policy: Policy, asked: Asked) -> None:
    if policy.pkce == "ignored":
        return
    challenge = asked.fields.get("code_challenge", "")
    method = asked.fields.get("code_challenge_method", "plain")
    if policy.pkce == "required" and not S256_CHALLENGE.fullmatch(challenge):
        raise SentBackError("invalid_request", "code_challenge is missing or malformed")
    if (challenge or method != "plain") and method not in policy.pkce_methods:
        raise SentBackError("invalid_request", "The code challenge method is not known")


def _read_consent(policy: Policy, request: Request, asked: Asked) -> Consent:
    form, pairs = request.form, request.form_pairs
    if form.get("action") != policy.page.allow:
        raise SentBackError("access_denied", policy.page.denied)
    for account in policy.accounts:
        if user := account.identities.get(form.get("identity", "")):
            return Consent(asked=asked, account=account, user=user, pairs=pairs)
    raise ProblemError("Choose an account and a person first.")


def _show_form(
    policy: Policy,
    sandbox: Sandbox,
    asked: Asked,
    problem: str = "",
    chosen: User | None = None,
) -> Response:
    """Show the consent page; once more, with nothing ticked, after a problem."""
    offered = []
    for account in policy.accounts:
        people = [
            (value, user, policy.pick_as_user(sandbox, account, user))
            for value, user in account.identities.items()
        ]
        offered.append((account, policy.pick_in_account(sandbox, account), people))
    words = policy.page.scope_words
    notes = dict.fromkeys(asked.scopes, "")
    notes |= dict.fromkeys(asked.optional_scopes, "if the account has it")
    return show_page(
        "oauth/consent.html",
        policy.page.title,
        status=400 if problem else 200,
        policy=policy,
        asked=asked,
        offered=offered,
        chosen=chosen or policy.accounts[0].people[0],
        scopes=[(scope, words.get(scope, ""), note) for scope, note in notes.items()],
        problem=problem,
    )


def _make_code(
    policy: Policy, sandbox: Sandbox, consent: Consent, decision: Decision
) -> str:
    code, fields = secrets.token_urlsafe(30), consent.asked.fields
    lifetime = policy.get(sandbox, "code_seconds", consent.account.id)
    uses_pkce = policy.pkce != "ignored"
    grants.insert(
        sandbox.storage,
        "authorization_code",
        value=code,
        provider=policy.slug,
        account=consent.account.id,
        user=consent.user.id,
        scopes=" ".join(decision.scopes),
        redirect_uri=consent.asked.redirect_uri,
        challenge=fields.get("code_challenge", "") if uses_pkce else "",
        method=fields.get("code_challenge_method", "plain"),
        expires_at=sandbox.clock() + lifetime,
        choice=decision.choice,
    )
    return code


def _send_back(asked: Asked, fields: dict[str, str]) -> Response:
    state = asked.fields.get("state")
    answer = {**fields, "state": state} if state else fields
    joint = "&" if "?" in asked.redirect_uri else "?"
    return redirect(f"{asked.redirect_uri}{joint}{urlencode(answer)}")

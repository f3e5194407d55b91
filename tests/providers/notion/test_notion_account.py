"""Whose grant it is, how grants are asked for, and what refusals mean."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.http.errors import (
    Forbidden,
    Intermediary,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    RateLimited,
    Server,
    Unauthorized,
)
from integrations.http.resilience.limits import LocalLimiter
from integrations.http.secrets import Secret
from integrations.http.sending.transport import Headers, Response
from integrations.oauth.errors import ClientRejected, GrantRejected
from integrations.oauth.tokens import read_tokens
from tests.support.provider_answers.fake_transport import sent_headers

WORKSPACE = "22222222-2222-4222-8222-222222222222"
BOT = "11111111-1111-4111-8111-111111111111"
ANA = "33333333-3333-4333-8333-333333333333"
ME = "GET /v1/users/me"
TOKEN = "POST /v1/oauth/token"


def identify(notion, token="token", **changes):
    body = {**notion.load(token), **changes}
    return notion.connector.identify(notion.grant(read_tokens(body)))


def classify(notion, name, status, **headers):
    body = name if isinstance(name, bytes) else json.dumps(notion.load(name)).encode()
    response = Response(status=status, headers=Headers(headers), body=body)
    return notion.connector.classify(response)


def test_a_person_owns_the_grant_without_another_call(notion):
    account = identify(notion)

    assert account.remote_id == f"{WORKSPACE}:{ANA}"
    assert account.name == "Acme"
    assert account.scopes == ()
    assert account.details == {
        "workspace_id": WORKSPACE,
        "bot_id": BOT,
        "owner_type": "user",
        "member": "Ana",
        "workspace_icon": "",
    }
    assert notion.transport.requests == []


def test_a_person_may_come_without_a_name(notion):
    account = identify(notion, "token_partial_owner")

    assert account.remote_id == f"{WORKSPACE}:{ANA}"
    assert account.name == "Notion workspace"
    assert account.details["workspace_icon"] == "🏢"


def test_the_bot_stands_for_a_workspace_that_owns_the_grant(notion):
    account = identify(notion, "token_workspace_owner")

    assert account.remote_id == f"{WORKSPACE}:{BOT}"
    assert account.details["owner_type"] == "workspace"
    assert account.details["workspace_icon"] == "https://images.example/acme.png"


@pytest.mark.parametrize(
    ("answer", "member"), [("users_me", ANA), ("users_me_of_workspace", BOT)]
)
def test_what_the_token_answer_withholds_the_bot_tells(notion, answer, member):
    notion.transport.on(ME, notion.load(answer))

    account = identify(notion, "token_without_owner")

    assert account.remote_id == f"{WORKSPACE}:{member}"
    assert account.details["bot_id"] == BOT


@pytest.mark.parametrize("answer", [{}, {"bot": {}}, {"bot": {"owner": []}}, []])
def test_a_grant_of_nobody_is_refused(notion, answer):
    notion.transport.on(ME, answer)

    with pytest.raises(InvalidResponse):
        identify(notion, "token_without_owner")


@pytest.mark.parametrize("icon", ["http://x/y", "javascript:x", "plain", 7, "\n", []])
def test_an_odd_icon_is_deselected(notion, icon):
    account = identify(notion, workspace_icon=icon)

    assert account.details["workspace_icon"] == ""


def test_the_e_mail_is_not_kept(notion):
    assert "example.com" not in json.dumps(identify(notion).details)


def test_consent_is_asked_for_by_the_person_and_without_scopes(notion):
    url = notion.oauth.config.authorization_url(state="s")

    assert parse_qs(urlsplit(url).query) == {
        "client_id": ["cid"],
        "redirect_uri": ["http://localhost:8000/integrations/notion/oauth2callback"],
        "response_type": ["code"],
        "owner": ["user"],
        "state": ["s"],
    }


def test_a_code_is_exchanged_as_json_with_basic_auth(notion):
    notion.transport.on(TOKEN, notion.load("token"))

    notion.oauth.exchange(code=Secret("c0de"))

    (request,) = notion.transport.requests
    headers = sent_headers(request)
    basic = base64.b64encode(b"cid:client-secret").decode()
    assert headers["Authorization"] == f"Basic {basic}"
    assert headers["Notion-Version"] == "2026-03-11"
    assert json.loads(request.body) == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "redirect_uri": "http://localhost:8000/integrations/notion/oauth2callback",
    }


def test_tokens_have_no_lifetime_and_may_lack_a_second(notion):
    notion.transport.on(TOKEN, notion.load("token_without_refresh"))

    tokens = notion.oauth.refresh(Secret("old"))

    assert tokens.expires_in is None
    assert tokens.refresh_token is None


@pytest.mark.parametrize("name", ["error_invalid_grant", "error_invalid_grant_rfc"])
def test_both_shapes_of_a_dead_grant_are_understood(notion, name):
    notion.transport.on(TOKEN, notion.load(name), status=400)

    with pytest.raises(GrantRejected):
        notion.oauth.refresh(Secret("old"))


def test_a_wrong_client_is_nobodys_grant(notion):
    notion.transport.on(TOKEN, notion.load("error_invalid_client"), status=401)

    with pytest.raises(ClientRejected):
        notion.oauth.refresh(Secret("old"))


def test_revoking_and_introspecting_stand_beside_the_token(notion):
    config = notion.oauth.config

    assert config.revoke_url == "https://api.notion.com/v1/oauth/revoke"
    assert config.introspect_url == "https://api.notion.com/v1/oauth/introspect"


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("error_unauthorized", 401, Unauthorized),
        ("error_restricted", 403, Forbidden),
        ("error_not_found", 404, NotFound),
        ("error_cursor", 400, InvalidRequest),
        ("error_conflict", 409, Server),
        ("error_unavailable", 503, Server),
        ("error_rate_limited", 429, RateLimited),
        ("error_overload", 529, RateLimited),
        ("error_blocked", 429, Forbidden),
    ],
)
def test_refusals_are_told_apart(notion, name, status, kind):
    error = classify(notion, name, status)

    assert type(error) is kind
    assert error.code


def test_a_long_wait_is_obeyed_whoever_names_it(notion):
    told_by_body = classify(notion, "error_rate_limited", 429)
    told_by_header = classify(
        notion, "error_rate_limited", 429, **{"Retry-After": "3600"}
    )

    assert told_by_body.retry_after == 90
    assert told_by_header.retry_after == 3600
    assert classify(notion, "error_overload", 529).retry_after == 7


def test_the_network_in_front_of_notion_is_not_a_missing_permission(notion):
    page, edge = b"<html>Sorry</html>", {"CF-Ray": "8f", "Content-Type": "text/html"}
    notion.transport.on(ME, page, status=403, headers=edge)

    with pytest.raises(Intermediary):
        notion.api.get("/users/me")


def test_people_of_one_workspace_share_its_limit(notion):
    connector, settings = notion.connector, notion.settings

    ana = connector.limits(f"{WORKSPACE}:{ANA}", settings)
    bot = connector.limits(f"{WORKSPACE}:{BOT}", settings)

    assert ana == bot
    (limit,) = ana
    assert limit.limit * 60 / limit.seconds <= 180


def test_the_allowance_may_be_spent_in_a_burst_and_no_minute_has_too_much(notion):
    now = [0.0]
    limiter = LocalLimiter(clock=lambda: now[0], max_wait=0.0)
    limits = notion.connector.limits(f"{WORKSPACE}:{ANA}", notion.settings)
    granted = []
    while now[0] < 300:
        try:
            limiter.acquire(limits)
            granted.append(now[0])
        except RateLimited as exc:
            now[0] += exc.retry_after

    at_once = sum(at < 1 for at in granted)
    in_a_minute = [sum(at <= other < at + 60 for other in granted) for at in granted]
    assert at_once >= 60
    assert max(in_a_minute) <= 180
    assert len(granted) >= 300 * 180 / 60 * 0.95


def test_a_revocation_names_an_access_token_and_nothing_beside_it(notion):
    notion.transport.on("POST /v1/oauth/revoke", {"request_id": "r"})

    assert notion.oauth.revoke(Secret("ntn_secret"))

    (request,) = notion.transport.requests
    assert json.loads(request.body) == {"token": "ntn_secret"}
    assert notion.connector.spec.revokes == "access_token"

"""Token calls are made the provider's way, once, and told apart by outcome."""

import base64
import logging
import pickle

import pytest

from integrations.http.errors import InvalidResponse, Network
from integrations.http.secrets import Secret
from integrations.oauth import errors
from integrations.oauth.client import OAuthClient
from integrations.oauth.config import OAuthConfig, Rejection
from tests.support.provider_answers.fake_transport import (
    FakeTransport,
    sent_form,
    sent_headers,
    sent_json,
)

TOKEN = "https://api.example/token"
REVOKE = "https://api.example/revoke"
INTROSPECT = "https://api.example/introspect"
ANSWER = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 60}
CODE = Secret("code-1")
REFRESH = Secret("refresh-1")


@pytest.fixture
def web():
    return FakeTransport()


def client(web, **changes):
    config = OAuthConfig(
        **{
            "authorize_url": "https://id.example/authorize",
            "token_url": TOKEN,
            "revoke_url": REVOKE,
            "introspect_url": INTROSPECT,
            "client_id": "cid",
            "client_secret": Secret("shh+secret"),
            "redirect_uri": "https://app.example/cb",
            **changes,
        }
    )
    return OAuthClient(config=config, transport=web)


def test_an_exchange_with_the_secret_in_a_form(web):
    web.on("POST", TOKEN, json=ANSWER)

    tokens = client(web).exchange(code=CODE, code_verifier=Secret("v" * 43))

    assert tokens.access_token == Secret("access-2")
    assert sent_form(web.requests[0]) == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": "https://app.example/cb",
        "code_verifier": "v" * 43,
        "client_id": "cid",
        "client_secret": "shh+secret",
    }
    headers = sent_headers(web.requests[0])
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in headers


def test_an_exchange_with_basic_authentication_and_json(web):
    web.on("POST", TOKEN, json=ANSWER)
    api = client(
        web, client_auth="basic", body_format="json", headers={"X-Version": "3"}
    )

    api.exchange(code=CODE)

    assert sent_json(web.requests[0]) == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": "https://app.example/cb",
    }
    headers = sent_headers(web.requests[0])
    pair = base64.b64decode(headers["Authorization"].removeprefix("Basic "))
    assert pair == b"cid:shh+secret"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Version"] == "3"


def test_basic_authentication_names_the_client_only_once(web):
    web.on("POST", TOKEN, json=ANSWER)

    client(web, client_auth="basic").refresh(REFRESH)

    assert sent_form(web.requests[0]) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
    }


def test_without_a_secret_the_client_is_named_in_the_body_and_no_header_is_sent(web):
    web.on("POST", TOKEN, json=ANSWER)

    client(web, client_auth="basic", client_secret=Secret("")).refresh(REFRESH)

    assert sent_form(web.requests[0])["client_id"] == "cid"
    assert "Authorization" not in sent_headers(web.requests[0])


def test_every_token_call_has_a_connection_of_its_own(web):
    web.on("POST", TOKEN, json=ANSWER)

    client(web).refresh(REFRESH)

    assert web.requests[0].fresh_connection


def test_an_answer_without_a_refresh_token_is_fine(web):
    web.on("POST", TOKEN, json={"access_token": "a"})

    assert client(web).refresh(REFRESH).refresh_token is None


REFUSALS = [
    (400, {"error": "invalid_grant", "status": "BAD_TOKEN"}, errors.GrantRejected),
    (400, {"status": 400, "code": "invalid_grant"}, errors.GrantRejected),
    (401, {"error": "invalid_grant"}, errors.GrantRejected),
    (400, {"error": "access_denied", "status": "BAD_HUB"}, errors.GrantRejected),
    (400, {"error": "access_denied"}, errors.RequestRejected),
    (400, {"error": "invalid_client"}, errors.ClientRejected),
    (401, {"code": "invalid_client"}, errors.ClientRejected),
    (400, {"error": "unauthorized_client"}, errors.ClientRejected),
    (401, b"<html>", errors.TokenServerError),
    (401, {"error": "invalid_something"}, errors.ClientRejected),
    (400, {"error": "invalid_request"}, errors.RequestRejected),
    (400, {"error": "unsupported_grant_type"}, errors.RequestRejected),
    (400, {"error": "invalid_scope"}, errors.RequestRejected),
    (400, {"message": "invalid_grant: token revoked"}, errors.TokenServerError),
    (400, {"error": {"type": "invalid_grant"}}, errors.TokenServerError),
    (400, b"invalid_grant", errors.TokenServerError),
    (400, ["invalid_grant"], errors.TokenServerError),
    (403, b"<html>blocked</html>", errors.TokenServerError),
    (403, {"code": "test_env_error"}, errors.RequestRejected),
    (404, b"", errors.TokenServerError),
    (302, b"", errors.TokenServerError),
    (409, b"", errors.Conflict),
    (409, {"error": "conflict"}, errors.Conflict),
    (400, {"error": "slow_down"}, errors.TokenRateLimited),
    (429, {"error": "invalid_grant"}, errors.TokenRateLimited),
    (400, {"error": "temporarily_unavailable"}, errors.TokenServerError),
    (423, b"", errors.TokenServerError),
    (477, b"", errors.TokenServerError),
    (500, {"error": "invalid_grant"}, errors.TokenServerError),
    (503, b"<html>", errors.TokenServerError),
    (529, {"code": "service_overload"}, errors.TokenServerError),
]


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
def test_a_refusal_is_judged_by_status_and_code_never_by_words(web, status, body, kind):
    fields = {"body": body} if isinstance(body, bytes) else {"json": body}
    web.on("POST", TOKEN, status=status, **fields)

    with pytest.raises(errors.OAuthError) as caught:
        client(web, rejections={"BAD_HUB": Rejection.GRANT}).refresh(REFRESH)

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert len(web.requests) == 1


def test_a_refusal_keeps_its_code_its_words_and_its_wish_to_wait(web):
    body = {"error": "slow_down", "error_description": "later,\ntoken=canary"}
    web.on("POST", TOKEN, status=429, json=body, headers={"Retry-After": "9"})

    with pytest.raises(errors.TokenRateLimited) as caught:
        client(web).refresh(REFRESH)

    assert caught.value.error == "slow_down"
    assert caught.value.description == "later,\\ntoken=***"
    assert caught.value.retry_after == 9
    assert str(caught.value) == "token endpoint: 429 slow_down"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (Network("refused", sent=False, code="refused"), errors.NotSent),
        (Network("timeout", sent=True, code="timeout"), errors.OutcomeUnknown),
        (InvalidResponse("too large", status=200), errors.MalformedTokenResponse),
        (InvalidResponse("too large", status=503), errors.TokenServerError),
        (InvalidResponse("too large", status=400), errors.TokenServerError),
    ],
)
def test_no_answer_is_told_apart_by_what_may_have_happened(web, failure, kind):
    web.on("POST", TOKEN, error=failure)

    with pytest.raises(errors.OAuthError) as caught:
        client(web).refresh(REFRESH)

    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"access_token": "a"', b"[]", b"[" * 9000, b'"\xff"']
)
def test_a_success_that_cannot_be_read_is_malformed(web, body):
    web.on("POST", TOKEN, body=body)

    with pytest.raises(errors.MalformedTokenResponse) as caught:
        client(web).refresh(REFRESH)

    assert caught.value.status == 200


def test_a_revocation_names_the_token_in_the_body_only(web):
    web.on("POST", REVOKE, json={})

    assert client(web).revoke(REFRESH, "refresh_token") is True

    assert sent_form(web.requests[0])["token"] == "refresh-1"
    assert sent_form(web.requests[0])["token_type_hint"] == "refresh_token"
    assert "refresh-1" not in web.requests[0].url


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (204, b""),
        (400, {"error": "invalid_grant"}),
        (400, {"error": "invalid_token"}),
        (404, {"error": "token_not_found"}),
    ],
)
def test_a_token_that_is_deleted_counts_as_revoked(web, status, body):
    fields = {"body": body} if isinstance(body, bytes) else {"json": body}
    web.on("POST", REVOKE, status=status, **fields)

    assert client(web).revoke(REFRESH) is True


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.ClientRejected),
        (404, errors.RequestRejected),
        (503, errors.TokenServerError),
    ],
)
def test_a_failed_revocation_is_not_taken_for_done(web, status, kind):
    web.on("POST", REVOKE, status=status, json={"error": "unsupported_token_type"})

    with pytest.raises(kind):
        client(web).revoke(REFRESH)


@pytest.mark.parametrize(
    ("body", "kind"), [(b"\n<html>Sign in</html>", ""), (b"Sign in", "Text/HTML")]
)
def test_a_page_in_the_providers_place_has_revoked_nothing(web, body, kind):
    web.on("POST", REVOKE, body=body, headers={"Content-Type": kind})

    with pytest.raises(errors.MalformedTokenResponse):
        client(web).revoke(REFRESH)


def test_an_empty_answer_is_no_page_whatever_its_type_says(web):
    web.on("POST", REVOKE, body=b" ", headers={"Content-Type": "text/html"})

    assert client(web).revoke(REFRESH) is True


def test_a_provider_without_revocation_is_not_called(web):
    assert client(web, revoke_url="").revoke(REFRESH) is False
    assert not web.requests


def test_an_introspection_asks_about_one_token_and_returns_no_token(web):
    web.on("POST", INTROSPECT, json={"active": True, "token": "t-1", "user_id": 7})

    found = client(web).introspect(Secret("t-1"), "access_token")

    assert found.active
    assert found.fields == {"active": True, "user_id": 7}


def test_a_provider_without_introspection_cannot_be_asked(web):
    with pytest.raises(ValueError):
        client(web, introspect_url="").introspect(Secret("t"))


def test_no_secret_reaches_a_log_an_error_or_a_repr(web, caplog):
    caplog.set_level(logging.DEBUG)
    web.on("POST", TOKEN, json=ANSWER)
    web.on("POST", TOKEN, status=400, json={"error": "invalid_grant"})
    api = client(web)

    api.exchange(code=CODE)
    with pytest.raises(errors.GrantRejected) as caught:
        api.refresh(REFRESH)

    shown = f"{caplog.text} {caught.value!r} {api!r} {web.requests!r}"
    for secret in ("code-1", "refresh-1", "access-2", "refresh-2", "shh"):
        assert secret not in shown
    assert "token call refresh_token status=400" in caplog.text


def test_an_error_can_be_pickled_whole():
    error = errors.GrantRejected("invalid_grant", status=400, retry_after=3.0)

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert vars(again) == vars(error)

"""Airtable's authorization, its token endpoint, and whose grant it is."""

import re
from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.http.errors import InvalidResponse, Unauthorized
from integrations.http.secrets import Secret
from integrations.oauth.config import code_challenge, new_code_verifier
from integrations.oauth.errors import ClientRejected, Conflict, GrantRejected
from integrations.oauth.tokens import read_tokens
from integrations.providers.airtable.spec import SPEC
from integrations.providers.capabilities import UninstallsApp

TOKEN = "POST /oauth2/v1/token"
WHOAMI = "GET /v0/meta/whoami"
REFRESH_TOKEN = Secret("opaque-refresh-1")


def identify(airtable, token=None):
    return airtable.connector.identify(
        airtable.grant(read_tokens(token or airtable.load("token")))
    )


def test_an_authorization_asks_for_everything_at_once_and_proves_possession(airtable):
    url = SPEC.oauth_config(airtable.settings).authorization_url(
        state="s" * 43,
        scopes=SPEC.required_scopes(),
        optional_scopes=SPEC.optional_scopes(),
        code_challenge=code_challenge(Secret("A" * 43)),
    )

    assert parse_qs(urlsplit(url).query) == {
        "client_id": ["cid"],
        "redirect_uri": ["http://localhost:8000/integrations/airtable/oauth2callback"],
        "response_type": ["code"],
        "scope": ["data.records:read schema.bases:read user.email:read"],
        "state": ["s" * 43],
        "code_challenge": ["DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo"],
        "code_challenge_method": ["S256"],
    }


def test_a_verifier_keeps_to_airtables_alphabet_and_length():
    verifier = new_code_verifier().reveal()

    assert re.fullmatch(r"[A-Za-z0-9._-]{43,128}", verifier)


def test_a_refresh_authenticates_in_the_header_and_nowhere_else(airtable):
    airtable.transport.on(TOKEN, airtable.load("token"))

    tokens = airtable.oauth.refresh(REFRESH_TOKEN)

    request = airtable.transport.requests[0]
    kind, _, pair = request.headers["Authorization"].reveal().partition(" ")
    assert (kind, b64decode(pair)) == ("Basic", b"cid:client-secret")
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["opaque-refresh-1"],
    }
    assert tokens.expires_in == 3600
    assert tokens.refresh_expires_in == 5_184_000


@pytest.mark.parametrize(
    ("status", "name", "error"),
    [
        (400, "error_token_grant", GrantRejected),
        (401, "error_token_client", ClientRejected),
        (409, "error_token_conflict", Conflict),
    ],
)
def test_a_refused_refresh_says_who_is_at_fault(airtable, status, name, error):
    airtable.transport.on(TOKEN, airtable.load(name), status=status)

    with pytest.raises(error):
        airtable.oauth.refresh(REFRESH_TOKEN)


def test_there_is_nowhere_to_revoke_a_token(airtable):
    assert airtable.oauth.revoke(REFRESH_TOKEN) is False
    assert not isinstance(airtable.connector, UninstallsApp)
    assert SPEC.manage_url.startswith("https://airtable.com/")


def test_an_idle_grant_is_kept_alive_long_before_it_dies():
    assert SPEC.keep_alive is not None
    assert 1 <= SPEC.keep_alive.days <= 30


def test_the_account_is_known_by_its_id_and_named_by_its_mail(airtable):
    airtable.transport.on(WHOAMI, airtable.load("whoami"))

    account = identify(airtable)

    assert account.remote_id == "usrAAAAAAAAAAAAA1"
    assert account.name == "ada@example.org"
    assert account.scopes == SPEC.required_scopes()


def test_an_account_without_a_mail_is_named_by_its_id(airtable):
    airtable.transport.on(WHOAMI, airtable.load("whoami_without_email"))

    account = identify(airtable)

    assert account.name == "Airtable usrAAAAAAAAAAAAA1"
    assert account.scopes == ("data.records:read", "schema.bases:read")


def test_an_account_that_names_no_scopes_leaves_them_to_the_token(airtable):
    airtable.transport.on(WHOAMI, {"id": "usrAAAAAAAAAAAAA1"})

    assert identify(airtable).scopes is None


@pytest.mark.parametrize("body", [{}, {"id": 7}, {"id": "recAAAAAAAAAAAAA1"}, []])
def test_an_account_without_a_proper_id_is_not_guessed(airtable, body):
    airtable.transport.on(WHOAMI, body)

    with pytest.raises(InvalidResponse):
        identify(airtable)


def test_a_refused_token_is_not_an_account(airtable):
    airtable.transport.on(WHOAMI, airtable.load("error_authentication"), status=401)

    with pytest.raises(Unauthorized):
        identify(airtable)

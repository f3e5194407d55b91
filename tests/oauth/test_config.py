"""The authorization request says exactly what was configured."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from integrations.http.secrets import Secret
from integrations.oauth.config import (
    OAuthConfig,
    Rejection,
    code_challenge,
    new_code_verifier,
)


def config(**changes):
    return OAuthConfig(
        **{
            "authorize_url": "https://id.example/authorize",
            "token_url": "https://api.example/token",
            "client_id": "cid",
            "client_secret": Secret("canary"),
            "redirect_uri": "https://app.example/cb",
            **changes,
        }
    )


def query(url):
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_the_challenge_is_the_one_of_the_published_vector():
    challenge = code_challenge(Secret("A" * 43))

    assert challenge == "DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo"


def test_verifiers_are_long_fresh_and_use_only_the_common_letters():
    verifiers = {new_code_verifier() for _ in range(50)}

    assert len(verifiers) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{64,128}", v.reveal()) for v in verifiers)


def test_the_request_has_every_parameter_and_spaces_as_percent_20():
    pkce = config(pkce=True, optional_scope_param="optional_scope")

    url = pkce.authorization_url(
        state="st",
        scopes=["a.read", "b"],
        optional_scopes=["c", "d"],
        code_challenge="ch",
        extra={"prompt": "consent"},
    )

    assert url.startswith("https://id.example/authorize?")
    assert "scope=a.read%20b&" in url
    assert query(url) == {
        "client_id": "cid",
        "redirect_uri": "https://app.example/cb",
        "response_type": "code",
        "state": "st",
        "scope": "a.read b",
        "optional_scope": "c d",
        "code_challenge": "ch",
        "code_challenge_method": "S256",
        "prompt": "consent",
    }


def test_what_a_provider_does_not_know_is_not_sent():
    plain = config(scope_param="", authorize_params={"owner": "user"})

    url = plain.authorization_url(
        state="st", scopes=["x"], optional_scopes=["y"], code_challenge="ch"
    )

    assert set(query(url)) == {
        "client_id",
        "redirect_uri",
        "response_type",
        "state",
        "owner",
    }


def test_nothing_extra_can_replace_a_protocol_parameter():
    evil = {"state": "evil", "client_id": "evil", "redirect_uri": "https://evil"}
    evil |= {"code_challenge": "evil", "scope": "evil", "response_type": "token"}

    url = config(pkce=True).authorization_url(
        state="st", scopes=["a"], code_challenge="ch", extra=evil
    )

    assert "evil" not in url


def test_a_query_in_the_address_is_kept():
    url = config(authorize_url="https://id.example/a?x=1").authorization_url(state="s")

    assert query(url)["x"] == "1"
    assert url.count("?") == 1


@pytest.mark.parametrize("arguments", [{"state": ""}, {"state": "s"}])
def test_a_request_without_state_or_challenge_cannot_be_made(arguments):
    with pytest.raises(ValueError):
        config(pkce=True).authorization_url(**arguments)


@pytest.mark.parametrize(
    "name", ["authorize_url", "token_url", "introspect_url", "revoke_url"]
)
def test_plain_http_is_refused_at_once_except_for_loopback(name):
    with pytest.raises(ValueError):
        config(**{name: "http://api.example/token"})

    assert config(**{name: "http://localhost:8100/token"})


def test_a_provider_can_add_its_own_codes_and_overrule():
    own = config(
        rejections={"BAD_HUB": Rejection.GRANT, "invalid_scope": Rejection.CLIENT}
    )

    assert own.rejection("BAD_HUB") is Rejection.GRANT
    assert own.rejection("invalid_scope") is Rejection.CLIENT
    assert own.rejection("invalid_grant") is Rejection.GRANT
    assert own.rejection("something_new") is None


def test_the_configuration_shows_no_secret():
    assert "canary" not in repr(config())

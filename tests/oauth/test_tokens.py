"""Token answers are read strictly where it matters and calmly elsewhere."""

import pytest

from integrations.http.secrets import Secret
from integrations.oauth.errors import MalformedTokenResponse, OutcomeUnknown
from integrations.oauth.tokens import read_introspection, read_tokens


def answer(**changes):
    return {"access_token": "access-1", "refresh_token": "refresh-1", **changes}


def test_a_full_answer_is_read():
    tokens = read_tokens(
        answer(
            expires_in=1800,
            refresh_expires_in=5184000,
            scopes=["a", "b"],
            hub=5,
        )
    )

    assert tokens.access_token == Secret("access-1")
    assert tokens.refresh_token == Secret("refresh-1")
    assert (tokens.expires_in, tokens.refresh_expires_in) == (1800, 5184000)
    assert tokens.scopes == ("a", "b")
    assert tokens.raw["hub"] == 5


@pytest.mark.parametrize("body", [None, [], "text", 5, True, {}, {"error": "x"}])
def test_a_success_without_tokens_is_malformed(body):
    with pytest.raises(MalformedTokenResponse):
        read_tokens(body)


@pytest.mark.parametrize(
    "value",
    [None, "", " ", 5, True, ["a"], {"a": 1}, "a b", "a\nb", "a\x00", "ä", "x" * 16385],
)
def test_an_unusable_access_token_is_malformed_and_never_quoted(value):
    with pytest.raises(MalformedTokenResponse) as caught:
        read_tokens(answer(access_token=value))

    assert str(caught.value) == "token endpoint: 200 no_access_token"


def test_the_longest_token_is_accepted():
    token = "x" * 16384

    assert read_tokens(answer(access_token=token)).access_token == Secret(token)


@pytest.mark.parametrize("value", [None, "", 5, ["a"], "a b", "x" * 16385, False])
def test_a_missing_or_odd_refresh_token_is_none(value):
    assert read_tokens(answer(refresh_token=value)).refresh_token is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1800, 1800),
        ("1800", 1800),
        (1800.0, 1800),
        (None, None),
        (True, None),
        (0, None),
        (-1, None),
        (1.5, None),
        (10**30, None),
        ("9" * 5000, None),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ([1800], None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("name", ["expires_in", "refresh_expires_in"])
def test_an_odd_lifetime_is_no_lifetime(name, value, seconds):
    assert getattr(read_tokens(answer(**{name: value})), name) == seconds


@pytest.mark.parametrize(
    ("fields", "scopes"),
    [
        ({}, None),
        ({"scope": "a b  c"}, ("a", "b", "c")),
        ({"scope": ""}, ()),
        ({"scopes": ["a", "a", "b"]}, ("a", "b")),
        ({"scope": ["a"]}, ("a",)),
        ({"scopes": ["a", 5]}, None),
        ({"scopes": [""]}, None),
        ({"scopes": ["a"] * 501}, None),
        ({"scopes": {"a": 1}}, None),
        ({"scope": 5}, None),
        ({"scope": None}, None),
        ({"scopes": [["a"]], "scope": "b"}, ("b",)),
    ],
)
def test_scopes_are_read_whole_or_not_at_all(fields, scopes):
    assert read_tokens(answer(**fields)).scopes == scopes


def test_the_rest_of_the_answer_holds_no_secret_in_any_depth():
    body = answer(
        id_token="canary",
        signed_access_token={"t": "canary"},
        client_secret="canary",
        code="canary",
        token_use="access_token",
        workspace="Acme",
        owner={"user": {"id": "u1", "apiKey": "canary", "note": "see access-1!"}},
        rows=[{"echo": "refresh-1", "refresh-1": 1}],
    )

    raw = read_tokens(body).raw

    assert raw == {
        "token_use": "access_token",
        "workspace": "Acme",
        "owner": {"user": {"id": "u1", "note": "***"}},
        "rows": [{"echo": "***"}],
    }


def test_a_token_set_shows_no_secret():
    assert "access-1" not in repr(read_tokens(answer(x="y")))


def test_an_introspection_keeps_the_account_and_drops_the_token():
    body = {
        "active": True,
        "token": "tok-1",
        "hub_id": 5,
        "signed_access_token": {"a": 1},
        "echo": "tok-1",
    }

    found = read_introspection(body, Secret("tok-1"))

    assert found.active
    assert found.fields == {"active": True, "hub_id": 5, "echo": "***"}
    assert "tok-1" not in repr(found)


def test_an_inactive_token_is_an_answer():
    assert not read_introspection({"active": False}, Secret("t")).active


@pytest.mark.parametrize("body", [None, [], {}, {"active": "true"}, {"active": 1}])
def test_an_introspection_that_does_not_say_is_malformed(body):
    with pytest.raises(MalformedTokenResponse):
        read_introspection(body, Secret("t"))


def test_a_malformed_success_counts_as_an_unknown_outcome():
    assert issubclass(MalformedTokenResponse, OutcomeUnknown)

"""Check that consent is as strict as at the provider."""

from urllib.parse import urlencode

import pytest

from tests.sandbox.airtable.airtable_client import (
    AUTHORIZATION,
    AUTHORIZE,
    CALLBACK,
    CHALLENGE,
    IDA,
    SCOPES,
)


def test_the_page_shows_people_and_bases_and_says_that_it_is_simulated(client):
    page = client.get(AUTHORIZE, **AUTHORIZATION)

    assert page.status == 200
    assert "Sandbox — simulated Airtable" in page.text
    for account in ("harbour", "nordlicht", "kestrel"):
        assert f'value="{account}:usr' in page.text
    assert page.text.count('name="use:app') == 7
    assert page.text.count('name="use:wsp') == 4
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_consent_sends_back_a_code_the_state_and_the_challenge(client):
    answer = client.consent()

    assert answer.status == 302
    assert answer.headers["Location"].startswith(f"{CALLBACK}?")
    assert answer.query.pop("code")
    assert answer.query["state"] == AUTHORIZATION["state"]
    assert answer.query["code_challenge"] == CHALLENGE
    assert answer.query["code_challenge_method"] == "S256"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody-else"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": "https://evil.example/"},
    ],
)
def test_a_wrong_client_or_redirect_gets_a_page_and_no_redirect(client, changes):
    shown = client.get(AUTHORIZE, **{**AUTHORIZATION, **changes})
    sent = client.consent(**changes)

    for answer in (shown, sent):
        assert answer.status == 400
        assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": "fifteen-letters"}, "invalid_request"),
        ({"state": "a" * 1025}, "invalid_request"),
        ({"state": "sixteen letters!"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": f"{SCOPES} user.email:read"}, "invalid_scope"),
        ({"scope": "data.records:write"}, "invalid_scope"),
    ],
)
def test_any_other_mistake_is_sent_back_with_the_state(client, changes, error):
    answer = client.get(AUTHORIZE, **{**AUTHORIZATION, **changes})

    assert answer.status == 302
    assert answer.query["error"] == error
    assert answer.query["state"] == changes.get("state", AUTHORIZATION["state"])
    assert client.consent(**changes).query["error"] == error


def test_without_a_state_none_comes_back(client):
    fields = {k: v for k, v in AUTHORIZATION.items() if k != "state"}

    answer = client.get(AUTHORIZE, **fields)

    assert answer.query["error"] == "invalid_request"
    assert "state" not in answer.query


def test_a_repeated_parameter_is_a_mistake(client):
    fields = urlencode([*AUTHORIZATION.items(), ("scope", "webhook:manage")])
    clients = urlencode([*AUTHORIZATION.items(), ("client_id", "sandbox-airtable")])

    assert client.get(f"{AUTHORIZE}?{fields}").query["error"] == "invalid_request"
    assert client.get(f"{AUTHORIZE}?{clients}").status == 400


def test_cancelling_sends_the_person_back_without_a_code(client):
    answer = client.consent(action="cancel")

    assert answer.query["error"] == "access_denied"
    assert answer.query["state"] == AUTHORIZATION["state"]
    assert "code" not in answer.query


def test_choosing_nothing_shows_the_page_again(client):
    answer = client.consent(resources=())

    assert answer.status == 400
    assert "Choose at least one base" in answer.text
    assert answer.text.count(" checked") == 1


def test_bases_of_other_accounts_are_not_granted(client):
    client.connect(IDA)

    assert client.api("/meta/bases").data == {"bases": []}


def test_the_page_escapes_the_names_of_bases(client):
    client.order("bases/rename", base="Operations", name='"><script>x</script>')

    page = client.get(AUTHORIZE, **AUTHORIZATION)

    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_a_switch_sends_any_other_error_back(client, error):
    client.order("switches/set", name="authorize_error", value=error)

    assert client.get(AUTHORIZE, **AUTHORIZATION).query["error"] == error


def test_withdrawn_scopes_can_no_longer_be_asked_for(client):
    client.order("switches/set", name="withdrawn_scopes", value=["user.email:read"])

    answer = client.get(AUTHORIZE, **AUTHORIZATION)

    assert answer.query["error"] == "invalid_scope"

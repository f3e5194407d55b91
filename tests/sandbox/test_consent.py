"""Check that consent is as strict as at the provider."""

import pytest

from tests.sandbox.wsgi_client import AUTHORIZATION, OPTIONAL, REQUIRED, Client

PAGE = "/hubspot/oauth/authorize"
KESTREL, FJORD, CLEO = "2081774:61", "9907316:88120", "555111:4244"


def test_the_page_shows_every_portal_and_says_that_it_is_simulated(client):
    page = client.get(PAGE, **AUTHORIZATION)

    assert page.status == 200
    assert "Sandbox — simulated HubSpot" in page.text
    for portal in ("555111", "146201883", "2081774", "9907316"):
        assert f'value="{portal}:' in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_an_address_with_a_portal_offers_that_portal_only(client):
    page = client.get("/hubspot/oauth/146201883/authorize", **AUTHORIZATION)

    assert 'value="146201883:' in page.text
    assert 'value="555111:' not in page.text


def test_consent_sends_the_person_back_with_a_code_and_the_state(client):
    answer = client.consent()

    assert answer.status == 302
    assert answer.headers["Location"].startswith(f"{AUTHORIZATION['redirect_uri']}?")
    assert answer.query["state"] == "a-state"
    assert answer.query["code"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody-else"},
        {"redirect_uri": AUTHORIZATION["redirect_uri"] + "/"},
        {"redirect_uri": "https://evil.example/"},
        {"scope": "oauth"},
        {"scope": f"{REQUIRED} crm.objects.deals.read"},
        {"optional_scope": "crm.objects.quotes.read"},
        {"code_challenge": "x", "code_challenge_method": "S512"},
    ],
)
def test_a_request_that_differs_from_the_registration_gets_a_page(client, changes):
    shown = client.get(PAGE, **{**AUTHORIZATION, **changes})
    sent = client.consent(**changes)

    for answer in (shown, sent):
        assert answer.status == 400
        assert "Location" not in answer.headers


def test_the_page_escapes_what_the_request_says(client):
    page = client.get(PAGE, **{**AUTHORIZATION, "state": '"><script>x</script>'})

    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_cancelling_sends_the_person_back_without_a_code(client):
    answer = client.consent(action="cancel")

    assert answer.query["error"] == "access_denied"
    assert answer.query["state"] == "a-state"
    assert "code" not in answer.query


@pytest.mark.parametrize("identity", [FJORD, CLEO])
def test_somebody_who_is_no_administrator_is_sent_back(client, identity):
    answer = client.consent(identity)

    assert answer.query["error"] == "access_denied"
    assert "permission" in answer.query["error_description"]


def test_an_unknown_person_gets_a_page(client):
    assert client.consent("555111:1").status == 400


def test_optional_scopes_outside_the_tier_are_dropped_silently(client: Client):
    tokens = client.connect(KESTREL)

    assert set(tokens["scopes"]) == {*REQUIRED.split(), "crm.objects.owners.read"}


def test_the_large_portal_grants_everything(client: Client):
    assert set(client.connect()["scopes"]) == {*REQUIRED.split(), *OPTIONAL.split()}

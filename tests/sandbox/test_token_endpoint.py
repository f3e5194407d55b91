"""Check the token endpoint, introspection, revocation and uninstalling."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.wsgi_client import CALLBACK, CLIENT, TOKEN, Client

DETAILS = "/hubspot/account-info/2026-09/details"


def test_an_exchange_answers_with_both_tokens_and_the_portal(client):
    tokens = client.exchange(client.consent().query["code"]).data

    assert tokens["token_type"] == "bearer"
    assert tokens["token_use"] == "access_token"
    assert tokens["expires_in"] == 1800
    assert (tokens["hub_id"], tokens["user_id"]) == (555111, 4242)
    assert tokens["access_token"].startswith("sbx-na1-")


def test_a_code_works_once(client):
    code = client.consent().query["code"]

    first, second = client.exchange(code), client.exchange(code)

    assert first.status == 200
    assert second.status == 400
    assert second.data["error"] == "invalid_grant"
    assert second.data["status"] == "BAD_AUTH_CODE"


def test_of_many_exchanges_at_once_one_succeeds(client):
    code = client.consent().query["code"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.exchange, [code] * 16))

    assert sorted(answer.status for answer in answers) == [200] + [400] * 15


def test_a_code_expires_soon(client):
    code = client.consent().query["code"]
    client.clock.now += 61

    assert client.exchange(code).data["status"] == "BAD_AUTH_CODE"


@pytest.mark.parametrize(
    ("changes", "error", "status"),
    [
        ({"client_id": "x"}, "invalid_client", "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "invalid_client", "BAD_CLIENT_SECRET"),
        ({"redirect_uri": CALLBACK + "/"}, "invalid_grant", "BAD_REDIRECT_URI"),
        ({"grant_type": "password"}, "unsupported_grant_type", "BAD_GRANT_TYPE"),
    ],
)
def test_a_wrong_exchange_is_refused_and_leaves_the_code(
    client, changes, error, status
):
    code = client.consent().query["code"]

    refused = client.exchange(code, **changes)

    assert (refused.status, refused.data["error"]) == (400, error)
    assert refused.data["status"] == status
    assert refused.data["message"] == refused.data["error_description"]
    assert client.exchange(code).status == 200


def test_the_client_is_known_by_the_form_body_and_nothing_else(client):
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    form["code"] = client.consent().query["code"]
    basic = base64.b64encode(":".join(CLIENT.values()).encode()).decode()
    secret = f"client_id={CLIENT['client_id']}&client_secret={CLIENT['client_secret']}"

    by_header = client.call(
        "POST", TOKEN, form=form, headers={"Authorization": f"Basic {basic}"}
    )
    by_query = client.call("POST", f"{TOKEN}?{secret}", form=form)
    by_json = client.call("POST", TOKEN, body={**form, **CLIENT})

    assert by_header.data["status"] == by_query.data["status"] == "BAD_CLIENT_ID"
    assert by_json.data["status"] == "BAD_GRANT_TYPE"


def test_a_challenge_that_was_sent_must_be_met(client):
    verifier = "a" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    sent = {"code_challenge": challenge, "code_challenge_method": "S256"}
    code = client.consent(**sent).query["code"]

    assert client.exchange(code).data["status"] == "BAD_CODE_VERIFIER"
    wrong = client.exchange(code, code_verifier="b" * 43)
    assert wrong.data["status"] == "BAD_CODE_VERIFIER"
    assert client.exchange(code, code_verifier=verifier).status == 200


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_the_retired_versions_are_not_served(client, version):
    answer = client.call("POST", f"/hubspot/oauth/{version}/token", form=CLIENT)

    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_refresh_gives_a_new_access_token_and_the_same_refresh_token(client):
    tokens = client.connect()

    fresh = client.refresh(tokens["refresh_token"]).data

    assert fresh["access_token"] != tokens["access_token"]
    assert fresh["refresh_token"] == tokens["refresh_token"]
    assert client.get(DETAILS).status == 200


def test_an_access_token_lives_for_thirty_minutes(client):
    client.connect()
    client.clock.now += 1799
    assert client.get(DETAILS).status == 200

    client.clock.now += 13

    answer = client.get(DETAILS)
    assert answer.status == 401
    assert answer.data["category"] == "EXPIRED_AUTHENTICATION"
    assert "expired 12 second(s) ago" in answer.data["message"]


def test_an_unknown_token_is_invalid(client):
    client.headers["Authorization"] = "Bearer nonsense"

    assert client.get(DETAILS).data["category"] == "INVALID_AUTHENTICATION"


def test_rotation_retires_the_refresh_token_that_was_spent(client):
    first = client.connect()["refresh_token"]
    client.order("switches/set", name="rotation", value=True)

    second = client.refresh(first).data["refresh_token"]
    reused = client.refresh(first)

    assert second != first
    assert reused.data["status"] == "BAD_REFRESH_TOKEN"
    assert client.refresh(second).status == 200
    assert client.ask("stats")["double_spends"] == 1


def test_reuse_is_punished_when_asked_for(client):
    first = client.connect()["refresh_token"]
    client.order("switches/set", name="rotation", value=True)
    client.order("switches/set", name="punish_reuse", value=True)
    fresh = client.refresh(first).data

    client.refresh(first)

    assert client.refresh(fresh["refresh_token"]).status == 400
    assert client.get(DETAILS).status == 401


def test_within_the_grace_window_a_spent_token_gives_its_successor(client):
    first = client.connect()["refresh_token"]
    client.order("switches/set", name="rotation", value=True)
    client.order("switches/set", name="grace_seconds", value=30)
    second = client.refresh(first).data["refresh_token"]

    client.clock.now += 20
    again = client.refresh(first)
    client.clock.now += 20
    late = client.refresh(first)

    assert again.data["refresh_token"] == second
    assert late.status == 400


def test_introspection_describes_an_active_token(client):
    tokens = client.connect()

    access = _introspect(client, tokens["access_token"])
    refresh = _introspect(client, tokens["refresh_token"])

    assert access["active"] is True
    assert access["user"] == "ana@harbour-and-vale.example"
    assert access["hub_domain"] == "harbour-and-vale.example"
    assert access["expires_in"] == 1800
    assert "expires_in" not in refresh
    assert refresh["token_use"] == "refresh_token"
    assert _introspect(client, "nonsense") == {"active": False}


def _introspect(client: Client, token: str) -> dict[str, object]:
    form = {"token": token, **CLIENT}
    return client.call("POST", f"{TOKEN}/introspect", form=form).data


def test_revoking_leaves_access_tokens_until_they_expire(client):
    tokens = client.connect()

    form = {"token": tokens["refresh_token"], **CLIENT}
    answer = client.call("POST", f"{TOKEN}/revoke", form=form)

    assert answer.status == 200
    assert client.refresh(tokens["refresh_token"]).data["error"] == "invalid_grant"
    assert client.get(DETAILS).status == 200


def test_uninstalling_ends_every_grant_of_the_portal(client):
    bo = client.connect("555111:4243")
    client.connect()

    answer = client.delete("/hubspot/appinstalls/2026-09/external-install")

    assert answer.status == 204
    assert client.get(DETAILS).status == 401
    assert client.refresh(bo["refresh_token"]).status == 400


def test_connecting_again_leaves_the_older_tokens_alone(client):
    old = client.connect()

    client.connect()

    assert client.refresh(old["refresh_token"]).status == 200

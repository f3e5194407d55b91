"""Check the token endpoint: codes that burn, tokens that rotate, reuse punished."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.airtable.airtable_client import (
    CALLBACK,
    SCOPES,
    TOKEN,
    VERIFIER,
    make_basic,
    make_challenge,
)

WHOAMI = "/meta/whoami"


def test_an_exchange_answers_with_both_tokens_and_their_lives(client):
    tokens = client.exchange(client.consent().query["code"]).data

    assert tokens["token_type"] == "Bearer "
    assert tokens["scope"] == SCOPES
    assert tokens["expires_in"] == 3600
    assert tokens["refresh_expires_in"] == 5_184_000
    assert len({tokens["access_token"], tokens["refresh_token"]}) == 2


def test_of_many_exchanges_at_once_one_succeeds(client):
    code = client.consent().query["code"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.exchange, [code] * 12))

    assert sorted(answer.status for answer in answers) == [200] + [400] * 11


def test_a_code_lives_ten_minutes(client):
    early, late = client.consent().query["code"], client.consent().query["code"]
    client.clock.now += 599
    assert client.exchange(early).status == 200

    client.clock.now += 1

    assert client.exchange(late).data["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
        ({"code_verifier": "B" * 43}, "invalid_grant"),
        ({"code_verifier": "A" * 42}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
    ],
)
def test_a_failed_exchange_burns_the_code(client, changes, error):
    code = client.consent().query["code"]

    refused = client.exchange(code, **changes)

    assert (refused.status, refused.data["error"]) == (400, error)
    assert client.exchange(code).data["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("verifier", "status"),
    [("a.b-c_" * 8, 200), ("a" * 128, 200), ("a" * 129, 400), ("~" * 43, 400)],
)
def test_a_verifier_has_its_length_and_its_letters(client, verifier, status):
    code = client.consent(code_challenge=make_challenge(verifier)).query["code"]

    assert client.exchange(code, code_verifier=verifier).status == status


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        ({}, {}),
        ({}, {"client_id": "sandbox-airtable"}),
        ({"Authorization": "Bearer x"}, {}),
        ({"Authorization": "Basic not-base-64!"}, {}),
        (make_basic(secret="wrong"), {}),
        (make_basic(user="somebody"), {}),
        (make_basic(), {"client_id": "somebody"}),
    ],
)
def test_a_client_that_is_not_known_burns_the_code_too(client, headers, more):
    code = client.consent().query["code"]
    form = {"grant_type": "authorization_code", "code": code, **more}
    form |= {"redirect_uri": CALLBACK, "code_verifier": VERIFIER}

    refused = client.ask_token(form, headers)

    assert (refused.status, refused.data["error"]) == (401, "invalid_client")
    assert client.exchange(code).status == 400


def test_the_client_id_may_also_stand_in_the_body_once(client):
    tokens = client.connect()
    form = f"grant_type=refresh_token&refresh_token={tokens['refresh_token']}"
    same = "&client_id=sandbox-airtable"

    twice = client.call(
        "POST",
        TOKEN,
        body=(form + same * 2).encode(),
        kind="application/x-www-form-urlencoded",
        headers=make_basic(),
    )

    assert twice.data["error"] == "invalid_request"
    once = client.refresh(tokens["refresh_token"], client_id="sandbox-airtable")
    assert once.status == 200


def test_only_a_form_is_read(client):
    code = client.consent().query["code"]
    body = {"grant_type": "authorization_code", "code": code}

    answer = client.call("POST", TOKEN, body=body, headers=make_basic())

    assert answer.data["error"] == "invalid_request"
    assert client.exchange(code).status == 200


def test_a_refresh_kills_the_old_tokens_at_once(client):
    old = client.connect()
    assert client.api(WHOAMI).status == 200

    new = client.refresh(old["refresh_token"]).data

    assert new["refresh_token"] != old["refresh_token"]
    refused = client.api(WHOAMI)
    assert refused.status == 401
    assert refused.data["error"]["type"] == "AUTHENTICATION_REQUIRED"
    client.use(new)
    assert client.api(WHOAMI).status == 200


def test_a_racing_refresh_meets_a_conflict_and_harms_nothing(client):
    old = client.connect()
    new = client.refresh(old["refresh_token"]).data
    client.clock.now += 1

    racing = client.refresh(old["refresh_token"])

    assert (racing.status, racing.body) == (409, b"")
    client.use(new)
    assert client.api(WHOAMI).status == 200


def test_of_many_refreshes_at_once_one_succeeds_and_the_rest_conflict(client):
    token = client.connect()["refresh_token"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.refresh, [token] * 12))

    assert sorted(answer.status for answer in answers) == [200] + [409] * 11
    assert client.ask("stats")["double_spends"] == 11


def test_reusing_a_spent_refresh_token_ends_the_whole_grant(client):
    first = client.connect()
    second = client.refresh(first["refresh_token"]).data
    client.use(second)
    client.clock.now += 2

    reused = client.refresh(first["refresh_token"])

    assert (reused.status, reused.data["error"]) == (400, "invalid_grant")
    assert client.api(WHOAMI).status == 401
    assert client.refresh(second["refresh_token"]).data["error"] == "invalid_grant"


def test_an_older_token_than_the_last_is_punished_without_delay(client):
    first = client.connect()["refresh_token"]
    second = client.refresh(first).data["refresh_token"]
    third = client.refresh(second).data["refresh_token"]

    assert client.refresh(first).status == 400
    assert client.refresh(third).status == 400


def test_punishment_can_be_switched_off(client):
    client.order("switches/set", name="punish_reuse", value=False)
    first = client.connect()["refresh_token"]
    second = client.refresh(first).data["refresh_token"]
    client.clock.now += 5

    assert client.refresh(first).status == 400
    assert client.refresh(second).status == 200


def test_a_grace_window_answers_with_the_successor(client):
    client.order("switches/set", name="grace_seconds", value=10)
    first = client.connect()["refresh_token"]
    second = client.refresh(first).data["refresh_token"]
    client.clock.now += 9

    again = client.refresh(first).data

    assert again["refresh_token"] == second
    client.use(again)
    assert client.api(WHOAMI).status == 200


def test_an_access_token_lives_an_hour_and_a_refresh_token_sixty_days(client):
    tokens = client.connect()
    client.clock.now += 3600
    assert client.api(WHOAMI).status == 401
    tokens = client.refresh(tokens["refresh_token"]).data

    client.clock.now += 60 * 86_400

    assert client.refresh(tokens["refresh_token"]).data["error"] == "invalid_grant"


def test_a_refresh_may_ask_for_less_and_never_for_more(client):
    token = client.connect()["refresh_token"]

    more = client.refresh(token, scope="webhook:manage")
    less = client.refresh(token, scope="schema.bases:read")

    assert more.data["error"] == "invalid_scope"
    assert less.data["scope"] == "schema.bases:read"


def test_a_code_of_one_grant_is_not_a_refresh_token(client):
    code = client.consent().query["code"]

    assert client.refresh(code).data["error"] == "invalid_grant"


def test_a_lost_answer_has_rotated_the_token(client):
    token = client.connect()["refresh_token"]
    client.order("faults/add", kind="lost", family="token", count=1)

    with pytest.raises(ConnectionResetError):
        client.refresh(token)

    assert client.refresh(token).status == 409
    client.clock.now += 3
    assert client.refresh(token).data["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("invalid_grant", 400), ("invalid_client", 401), ("conflict", 409)],
)
def test_the_token_endpoint_can_refuse(client, kind, status):
    token = client.connect()["refresh_token"]
    client.order("faults/add", kind=kind, family="token", count=1)

    assert client.refresh(token).status == status
    assert client.refresh(token).status == 200


@pytest.mark.parametrize(
    "name",
    ["access_token", "refresh_token", "expires_in", "refresh_expires_in", "scope"],
)
def test_a_token_answer_can_lack_a_field(client, name):
    token = client.connect()["refresh_token"]
    client.order("faults/add", kind=f"no_{name}", family="token")

    assert name not in client.refresh(token).data

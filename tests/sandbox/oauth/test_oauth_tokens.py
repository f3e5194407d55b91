"""Check the token endpoints: what all providers do, each by its own policy."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.sandbox.airtable.airtable_client import AirtableClient, make_challenge
from tests.sandbox.notion_client import BASIC, NotionClient
from tests.sandbox.wsgi_client import CLIENT, TOKEN, Client, make_basic


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one provider's token endpoint."""

    code_seconds: int = 60
    burns_codes: bool = False
    rotates: bool = True
    old_access_survives: bool = False
    access_seconds: int = 0
    missing: str = "invalid_request"
    bad_client_status: int = 401


FACTS = {
    "hubspot": Facts(
        rotates=False,
        old_access_survives=True,
        access_seconds=1800,
        missing="invalid_grant",
        bad_client_status=400,
    ),
    "airtable": Facts(code_seconds=600, burns_codes=True, access_seconds=3600),
    "notion": Facts(),
}


@pytest.fixture
def facts(flow: Client) -> Facts:
    return FACTS[flow.slug]


@pytest.fixture
def code(flow: Client) -> str:
    return flow.consent().query["code"]


def test_a_code_works_once_even_of_many_exchanges_at_once(flow, code):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(flow.exchange, [code] * 12))

    assert sorted(answer.status for answer in answers) == [200] + [400] * 11
    refused = {flow.get_error(answer) for answer in answers if answer.status == 400}
    assert refused == {"invalid_grant"}
    assert flow.query("stats")["double_spends"] == 11


def test_a_code_spent_is_refused_later_as_well_and_its_tokens_live_on(flow, code):
    tokens = flow.exchange(code).data
    flow.clock.now += 5

    again = flow.exchange(code)

    assert (again.status, flow.get_error(again)) == (400, "invalid_grant")
    assert flow.query("stats")["double_spends"] == 1
    assert flow.works(tokens)
    assert flow.refresh(tokens["refresh_token"]).status == 200


def test_only_a_token_that_somebody_has_can_be_spent_by_two_at_once(flow):
    known, made_up = flow.connect()["refresh_token"], "made-up"
    for token in (known, made_up):
        with flow.app.sandbox.in_flight.enter(token):
            flow.refresh(token)

    assert flow.query("stats")["overlapping_spends"] == 1


def test_a_code_ends_after_a_while(flow, code, facts):
    early = flow.consent().query["code"]
    flow.clock.now += facts.code_seconds - 1
    assert flow.exchange(early).status == 200

    flow.clock.now += 1

    assert flow.get_error(flow.exchange(code)) == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "http://localhost:8000/other"}, "invalid_grant"),
        ({"redirect_uri": ""}, None),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_exchange_is_refused(flow, code, facts, changes, error):
    never, swapped = flow.exchange("x" * 40), flow.refresh(code)
    refused = flow.exchange(code, **changes)

    assert flow.get_error(never) == flow.get_error(swapped) == "invalid_grant"
    assert (refused.status, flow.get_error(refused)) == (400, error or facts.missing)
    assert flow.exchange(code).status == (400 if facts.burns_codes else 200)


def test_a_refresh_rotates_and_kills_as_the_provider_does(flow, facts):
    old = flow.connect()
    new = flow.refresh(old["refresh_token"]).data

    changed = [new[name] != old[name] for name in ("access_token", "refresh_token")]
    assert changed == [True, facts.rotates]
    assert [flow.works(old), flow.works(new)] == [facts.old_access_survives, True]
    assert flow.refresh(new["refresh_token"]).status == 200


def test_an_access_token_lives_as_long_as_it_says(flow, facts):
    tokens = flow.connect()
    assert tokens.get("expires_in", 0) == facts.access_seconds
    flow.clock.now += (facts.access_seconds or 10**8) - 5
    assert flow.works()
    flow.clock.now += 5

    assert flow.works() is not bool(facts.access_seconds)


def test_switches_decide_what_becomes_of_a_spent_token(flow):
    flow.switch_all(rotation=True, race_seconds=0, punish_reuse=0, grace_seconds=30)
    first = flow.connect()["refresh_token"]
    second = flow.refresh(first).data
    flow.clock.now += 20
    again = flow.refresh(first)
    flow.clock.now += 20

    assert again.data["refresh_token"] == second["refresh_token"] != first
    assert flow.get_error(flow.refresh(first)) == "invalid_grant"
    third = flow.refresh(second["refresh_token"]).data
    # Reuse is punished when asked for.
    flow.switch_all(punish_reuse=1, grace_seconds=0)
    for token in (second["refresh_token"], third["refresh_token"]):
        assert flow.get_error(flow.refresh(token)) == "invalid_grant"
    assert not flow.works(third)


@pytest.mark.parametrize(
    ("kind", "status", "error"), [("lost", 400, "invalid_grant"), ("reset", 200, None)]
)
def test_a_lost_answer_has_spent_the_token_and_a_reset_has_not(
    flow, kind, status, error
):
    flow.switch("rotation", True)
    token = flow.connect()["refresh_token"]
    flow.fault(kind, "token", count=1)
    with pytest.raises(ConnectionResetError):
        flow.refresh(token)
    flow.clock.now += 3

    again = flow.refresh(token)

    assert (again.status, again.data.get(flow.error_field)) == (status, error)
    assert flow.query("stats")["by_status"]["0"] == 1


@pytest.mark.parametrize("kind", ["invalid_grant", "invalid_client", "conflict"])
def test_the_token_endpoint_can_refuse(flow, facts, kind):
    token = flow.connect()["refresh_token"]
    flow.fault(kind, "token", count=1)
    refused = flow.refresh(token)

    statuses = {"conflict": 409, "invalid_client": facts.bad_client_status}
    assert refused.status == statuses.get(kind, 400)
    told = flow.get_error(refused) if refused.body else "conflict"
    assert told == kind
    assert flow.refresh(token).status == 200


def test_a_token_answer_can_lack_a_field_or_have_an_odd_lifetime(flow):
    token = flow.connect()["refresh_token"]
    for value in ("soon", -5, None, 10**12):
        flow.fault("odd_expires_in", "token", value=value, count=1)
        answer = flow.refresh(token).data
        assert answer["expires_in"] == value
        token = answer["refresh_token"]
    names = "access_token expires_in refresh_expires_in scope refresh_token"
    for name in names.split():
        flow.fault(f"no_{name}", "token")
        answer = flow.refresh(token)
        assert (answer.status, name in answer.data) == (200, False)
        token = answer.data.get("refresh_token")


@pytest.mark.parametrize("keep_access", [False, True])
def test_tokens_expire_and_grants_end_by_command(flow, keep_access):
    tokens = flow.connect()

    assert flow.command("tokens/expire") == {"expired": 1}
    assert not flow.works()
    fresh = flow.refresh(tokens["refresh_token"]).data
    assert flow.works(fresh)
    assert flow.command("grants/revoke", keep_access=keep_access) == {"revoked": 1}
    assert flow.works() is keep_access
    assert flow.get_error(flow.refresh(fresh["refresh_token"])) == "invalid_grant"


PAIR = {"client_id": "sandbox-notion", "client_secret": "sandbox-secret-notion"}
STRANGERS = [
    (AirtableClient, {"Authorization": ""}, {}),
    (AirtableClient, {"Authorization": ""}, {"client_id": "sandbox-airtable"}),
    (AirtableClient, {"Authorization": "Bearer x"}, {}),
    (AirtableClient, {"Authorization": "Basic not-base-64!"}, {}),
    (AirtableClient, make_basic("sandbox-airtable", "wrong"), {}),
    (AirtableClient, make_basic("somebody", "sandbox-secret-airtable"), {}),
    (AirtableClient, {}, {"client_id": "somebody"}),
    *(
        (NotionClient, {"Authorization": text}, PAIR)
        for text in ("", "Bearer x", "Basic x", "Basic YTpi")
    ),
]


@pytest.mark.parametrize(("kind", "headers", "more"), STRANGERS)
def test_two_providers_know_a_client_by_its_header_alone(client, kind, headers, more):
    flow = kind(client.app, client.clock)
    code = flow.consent().query["code"]
    sent = {"grant_type": "authorization_code", "code": code, **flow.proof}

    refused = flow.ask_token({**sent, **more}, headers)

    assert (refused.status, flow.get_error(refused)) == (401, "invalid_client")
    burnt = FACTS[flow.slug].burns_codes
    assert flow.exchange(code).status == (400 if burnt else 200)


def test_hubspot_knows_a_client_by_its_form_alone(client):
    form = {"grant_type": "authorization_code", **client.proof}
    form["code"] = client.consent().query["code"]
    secret = "&".join(f"{name}={value}" for name, value in CLIENT.items())
    basic = make_basic(*CLIENT.values())

    by_header = client.call("POST", TOKEN, form=form, headers=basic)
    by_query = client.call("POST", f"{TOKEN}?{secret}", form=form)
    by_json = client.call("POST", TOKEN, body={**form, **CLIENT})

    assert by_header.data["status"] == by_query.data["status"] == "BAD_CLIENT_ID"
    assert by_json.data["status"] == "BAD_GRANT_TYPE"


def test_a_body_in_another_format_is_not_read(airtable, notion):
    code = airtable.consent().query["code"]
    sent = {"grant_type": "authorization_code", "code": code}

    basic = airtable.credentials
    json = airtable.call("POST", airtable.token, body=sent, headers=basic)
    form = notion.call("POST", notion.token, form=sent, headers=BASIC)

    assert airtable.get_error(json) == "invalid_request"
    assert airtable.exchange(code).status == 200
    assert notion.get_error(form) == "invalid_json"


def test_airtable_takes_the_client_id_in_the_body_once(airtable):
    token, same = airtable.connect()["refresh_token"], "&client_id=sandbox-airtable"
    form = f"grant_type=refresh_token&refresh_token={token}{same}{same}".encode()
    kind = "application/x-www-form-urlencoded"

    sent = {"body": form, "kind": kind, "headers": airtable.credentials}
    twice = airtable.call("POST", airtable.token, **sent)

    assert twice.data["error"] == "invalid_request"
    assert airtable.refresh(token, client_id="sandbox-airtable").status == 200


@pytest.mark.parametrize(
    ("changes", "error", "status"),
    [
        ({"client_id": "x"}, "invalid_client", "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "invalid_client", "BAD_CLIENT_SECRET"),
        ({"redirect_uri": "x"}, "invalid_grant", "BAD_REDIRECT_URI"),
        ({"grant_type": "x"}, "unsupported_grant_type", "BAD_GRANT_TYPE"),
        ({"code": "x"}, "invalid_grant", "BAD_AUTH_CODE"),
    ],
)
def test_hubspot_has_a_word_of_its_own_for_each_error(client, changes, error, status):
    refused = client.exchange(**{"code": client.consent().query["code"], **changes})

    assert (refused.status, refused.data["error"]) == (400, error)
    assert refused.data["status"] == status
    assert refused.data["message"] == refused.data["error_description"]


@pytest.mark.parametrize(
    ("challenged", "sent", "error"),
    [
        *((good, good, None) for good in ("a.b-c_" * 8, "a" * 128)),
        *((bad, bad, "invalid_grant") for bad in ("a" * 129, "a" * 42, "~" * 43)),
        ("A" * 43, "B" * 43, "invalid_grant"),
        ("A" * 43, "", "invalid_request"),
    ],
)
def test_airtable_wants_the_verifier_well_formed_and_burns_the_code(
    airtable, challenged, sent, error
):
    code = airtable.consent(code_challenge=make_challenge(challenged)).query["code"]

    assert airtable.exchange(code, code_verifier=sent).data.get("error") == error
    again = airtable.exchange(code, code_verifier=challenged)
    assert airtable.get_error(again) == "invalid_grant"


def test_hubspot_wants_a_challenge_met_that_was_sent(client):
    verifier = "a" * 43
    sent = {"code_challenge": make_challenge(verifier), "code_challenge_method": "S256"}
    code = client.consent(**sent).query["code"]
    plain = client.consent(code_challenge=verifier).query["code"]

    for wrong in ("", "b" * 43):
        refused = client.exchange(code, code_verifier=wrong)
        assert refused.data["status"] == "BAD_CODE_VERIFIER"
    assert client.exchange(code, code_verifier=verifier).status == 200
    assert client.exchange(plain, code_verifier=verifier).status == 200

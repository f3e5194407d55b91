"""Check what only one provider does with tokens and grants."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.airtable.airtable_client import SCOPES
from tests.sandbox.notion_client import API, BASIC, DROMEDARY, INES, NOUR
from tests.sandbox.wsgi_client import CLIENT, TOKEN, Client

ME = f"{API}/users/me"
PAIR = {"access_token", "refresh_token", "token_type"}
WORKSPACE = {"workspace_id", "workspace_name", "workspace_icon"}
OTHERS = {"bot_id", "owner", "duplicated_template_id", "request_id"}


def introspect(client: Client, token: str) -> dict[str, object]:
    form = {"token": token, **CLIENT}
    return client.call("POST", f"{TOKEN}/introspect", form=form).data


def test_hubspot_answers_with_both_tokens_and_the_portal(client):
    tokens = client.connect()

    assert tokens["token_type"] == "bearer"
    assert tokens["token_use"] == "access_token"
    assert (tokens["hub_id"], tokens["user_id"]) == (555111, 4242)
    assert tokens["access_token"].startswith("sbx-na1-")


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_the_retired_versions_are_not_served(client, version):
    answer = client.call("POST", f"/hubspot/oauth/{version}/token", form=CLIENT)

    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_hubspot_tells_an_expired_token_from_an_unknown_one(client):
    client.connect()
    client.clock.now += 1812
    expired = client.get(client.probe)
    client.headers["Authorization"] = "Bearer nonsense"

    assert expired.data["category"] == "EXPIRED_AUTHENTICATION"
    assert "expired 12 second(s) ago" in expired.data["message"]
    unknown = client.get(client.probe)
    assert unknown.data["category"] == "INVALID_AUTHENTICATION"


def test_hubspot_describes_an_active_token(client):
    tokens = client.connect()

    access = introspect(client, tokens["access_token"])
    refresh = introspect(client, tokens["refresh_token"])

    assert access["active"] is True
    assert access["user"] == "ana@harbour-and-vale.example"
    assert access["hub_domain"] == "harbour-and-vale.example"
    assert access["expires_in"] == 1800
    assert "expires_in" not in refresh
    assert refresh["token_use"] == "refresh_token"
    assert introspect(client, "nonsense") == {"active": False}


def test_revoking_at_hubspot_leaves_access_tokens_until_they_expire(client):
    tokens = client.connect()
    form = {"token": tokens["refresh_token"], **CLIENT}

    answer = client.call("POST", f"{TOKEN}/revoke", form=form)

    assert answer.status == 200
    assert client.refresh(tokens["refresh_token"]).data["error"] == "invalid_grant"
    assert client.works()
    client.delete("/hubspot/appinstalls/2026-09/external-install")
    assert not client.works()


def test_uninstalling_ends_every_grant_of_the_portal(client):
    bo = client.connect("555111:4243")
    client.connect()

    answer = client.delete("/hubspot/appinstalls/2026-09/external-install")

    assert answer.status == 204
    assert not client.works()
    assert client.refresh(bo["refresh_token"]).status == 400


def test_connecting_again_leaves_the_older_tokens_of_hubspot_alone(client):
    old = client.connect()
    client.connect()

    assert client.refresh(old["refresh_token"]).status == 200


def test_airtable_answers_with_scopes_and_lives(airtable):
    tokens = airtable.connect()
    airtable.clock.now += 60 * 86_400

    assert tokens["token_type"] == "Bearer "
    assert tokens["scope"] == SCOPES
    assert tokens["refresh_expires_in"] == 5_184_000
    assert airtable.refresh(tokens["refresh_token"]).data["error"] == "invalid_grant"


def test_a_racing_refresh_meets_a_conflict_and_harms_nothing(airtable):
    old = airtable.connect()
    new = airtable.refresh(old["refresh_token"]).data
    airtable.clock.now += 1

    racing = airtable.refresh(old["refresh_token"])

    assert (racing.status, racing.body) == (409, b"")
    assert airtable.works(new)


def test_of_many_refreshes_at_once_one_succeeds_and_the_rest_conflict(airtable):
    token = airtable.connect()["refresh_token"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(airtable.refresh, [token] * 12))

    assert sorted(answer.status for answer in answers) == [200] + [409] * 11
    assert airtable.ask("stats")["double_spends"] == 11


def test_reusing_a_token_of_airtable_after_the_race_ends_the_grant(airtable):
    first = airtable.connect()
    second = airtable.refresh(first["refresh_token"]).data
    airtable.clock.now += 2

    assert airtable.refresh(first["refresh_token"]).status == 400
    assert not airtable.works(second)


def test_an_older_token_than_the_last_is_punished_without_delay(airtable):
    first = airtable.connect()["refresh_token"]
    second = airtable.refresh(first).data["refresh_token"]
    third = airtable.refresh(second).data["refresh_token"]

    assert airtable.refresh(first).status == 400
    assert airtable.refresh(third).status == 400


def test_a_refresh_may_ask_for_less_and_never_for_more(airtable):
    token = airtable.connect()["refresh_token"]

    more = airtable.refresh(token, scope="webhook:manage")
    less = airtable.refresh(token, scope="schema.bases:read")

    assert more.data["error"] == "invalid_scope"
    assert less.data["scope"] == "schema.bases:read"


def test_notion_answers_exactly_what_is_documented(notion):
    tokens = notion.connect()
    person = tokens["owner"]["user"]

    assert set(tokens) == PAIR | WORKSPACE | OTHERS
    assert person["id"] == INES
    assert person["person"]["email_verified"] is True


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("workspace", {"type": "workspace", "workspace": True}),
        ("partial", {"type": "user", "user": {"object": "user", "id": INES}}),
    ],
)
def test_an_authorization_can_be_owned_in_other_ways(notion, owner, expected):
    tokens = notion.connect(grant_owner=owner)

    assert tokens["owner"] == expected
    assert notion.get(ME).data["bot"]["owner"] == expected


def test_an_address_can_be_withheld(notion):
    tokens = notion.connect(grant_owner="no_email")

    assert tokens["owner"]["user"]["person"] == {}


def test_the_version_is_required_at_the_token_endpoint_too(notion):
    answer = notion.ask_token({}, {"Notion-Version": ""})

    assert (answer.status, answer.data["code"]) == (400, "missing_version")


def test_notion_names_what_became_of_a_code_and_of_a_bot(notion):
    code = notion.consent().query["code"]
    old = notion.exchange(code).data
    again = notion.exchange(code)
    new = notion.refresh(old["refresh_token"]).data

    assert again.data["message"] == "Invalid code: this code has been revoked."
    assert new["bot_id"] == old["bot_id"]


def test_switches_change_what_notion_answers(notion):
    notion.switch("old_access_survives", True)
    old = notion.connect()
    notion.refresh(old["refresh_token"])
    notion.switch("refresh_tokens", False)
    notion.switch("rfc_errors", True)

    refused = notion.refresh("nrt_nothing")

    assert notion.works(old)
    assert notion.connect()["refresh_token"] is None
    assert refused.status == 400
    assert set(refused.data) == {"error", "error_description"}


def test_authorizing_again_ends_the_earlier_pair(notion):
    old, new = notion.connect(), notion.connect()

    assert notion.refresh(old["refresh_token"]).data["code"] == "invalid_grant"
    assert notion.works(new)
    assert not notion.works(old)
    assert new["bot_id"] != old["bot_id"]


def test_a_switch_spares_the_earlier_pair_and_another_keeps_the_bot(notion):
    notion.switch("reauthorization_kills", False)
    notion.switch("stable_bot_id", True)
    old, new = notion.connect(), notion.connect()

    assert notion.works(old)
    assert new["bot_id"] == old["bot_id"]


def test_an_old_app_gets_its_active_pair_again(notion):
    notion.switch("same_pair", True)
    rotated = notion.refresh(notion.connect()["refresh_token"]).data

    again = notion.connect()

    assert again["access_token"] == rotated["access_token"]
    assert again["refresh_token"] == rotated["refresh_token"]


def test_authorizing_again_spares_other_people(notion):
    first = notion.connect()
    notion.connect(f"{DROMEDARY}:{NOUR}")

    assert notion.works(first)


def test_a_token_of_notion_is_introspected_and_revoked(notion):
    tokens = notion.connect()
    body = {"token": tokens["access_token"]}

    def ask(what, body=body):
        return notion.call("POST", f"{API}/oauth/{what}", body=body, headers=BASIC).data

    before, revoked, after = ask("introspect"), ask("revoke"), ask("introspect")

    assert before["active"] is True
    assert set(before) == {"active", "scope", "iat", "request_id"}
    assert set(revoked) == {"request_id"}
    assert after["active"] is False
    assert ask("introspect", {})["code"] == "invalid_request"
    assert not notion.works()
    assert notion.refresh(tokens["refresh_token"]).data["code"] == "invalid_grant"


def test_a_grant_revoked_and_given_again_shows_the_same(notion):
    notion.connect()
    before = notion.ask("inventory", with_ids=1)["types"]

    notion.order("grants/revoke")
    notion.connect()

    assert notion.ask("inventory", with_ids=1)["types"] == before

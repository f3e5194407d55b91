"""Check what only one provider does with tokens and grants."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.airtable.airtable_client import SCOPES
from tests.sandbox.notion_client import API, BASIC, DROMEDARY, INES, NOUR
from tests.sandbox.wsgi_client import CLIENT, TOKEN

ME = f"{API}/users/me"
PAIR = {"access_token", "refresh_token", "token_type"}
WORKSPACE = {"workspace_id", "workspace_name", "workspace_icon"}
OTHERS = {"bot_id", "owner", "duplicated_template_id", "request_id"}


def test_hubspot_answers_with_the_portal_and_describes_both_tokens(client):
    tokens = client.connect()

    def introspect(token):
        form = {"token": token, **CLIENT}
        return client.call("POST", f"{TOKEN}/introspect", form=form).data

    access = introspect(tokens["access_token"])
    refresh = introspect(tokens["refresh_token"])

    told = {"token_type": "bearer", "token_use": "access_token"}
    assert tokens.items() >= {**told, "hub_id": 555111, "user_id": 4242}.items()
    assert tokens["access_token"].startswith("sbx-na1-")
    domain = "harbour-and-vale.example"
    told = {"active": True, "user": f"ana@{domain}", "hub_domain": domain}
    assert access.items() >= {**told, "expires_in": 1800}.items()
    assert "expires_in" not in refresh
    assert refresh["token_use"] == "refresh_token"
    assert introspect("nonsense") == {"active": False}


def test_revoking_leaves_access_tokens_and_uninstalling_ends_every_grant(client):
    bo, old, tokens = (client.connect(f"555111:424{n}") for n in (3, 2, 2))
    form = {"token": tokens["refresh_token"], **CLIENT}
    # Connecting again has left the older tokens alone.
    assert client.refresh(old["refresh_token"]).status == 200

    assert client.call("POST", f"{TOKEN}/revoke", form=form).status == 200

    assert client.get_error(client.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert client.works()
    gone = client.delete("/hubspot/appinstalls/2026-09/external-install")
    assert (gone.status, client.works()) == (204, False)
    assert client.refresh(bo["refresh_token"]).status == 400


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_the_retired_versions_are_not_served(client, version):
    answer = client.call("POST", f"/hubspot/oauth/{version}/token", form=CLIENT)

    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_hubspot_tells_an_expired_token_from_an_unknown_one(client):
    client.connect()
    client.clock.now += 1812
    expired = client.get(client.probe).data
    client.headers["Authorization"] = "Bearer nonsense"
    unknown = client.get(client.probe).data

    kinds = [f"{kind}_AUTHENTICATION" for kind in ("EXPIRED", "INVALID")]
    assert [expired["category"], unknown["category"]] == kinds
    assert "expired 12 second(s) ago" in expired["message"]


def test_airtable_answers_with_scopes_and_lives(airtable):
    tokens = airtable.connect()
    token = tokens["refresh_token"]

    more = airtable.refresh(token, scope="webhook:manage")
    less = airtable.refresh(token, scope="schema.bases:read").data
    airtable.clock.now += 60 * 86_400
    late = airtable.refresh(less["refresh_token"])

    life = {"token_type": "Bearer ", "refresh_expires_in": 5_184_000}
    assert tokens.items() >= {**life, "scope": SCOPES}.items()
    assert less["scope"] == "schema.bases:read"
    errors = [airtable.get_error(refused) for refused in (more, late)]
    assert errors == ["invalid_scope", "invalid_grant"]


def test_of_racing_refreshes_one_succeeds_and_the_rest_conflict(airtable):
    token = airtable.connect()["refresh_token"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(airtable.refresh, [token] * 12))
    airtable.clock.now += 1
    racing = airtable.refresh(token)

    assert sorted(answer.status for answer in answers) == [200] + [409] * 11
    assert (racing.status, racing.body) == (409, b"")
    assert airtable.query("stats")["double_spends"] == 12
    # The race harms nothing.
    assert airtable.works(next(a.data for a in answers if a.status == 200))


@pytest.mark.parametrize(("refreshes", "pause"), [(1, 2), (2, 0)])
def test_reusing_a_token_after_the_race_or_an_older_one_ends_the_grant(
    airtable, refreshes, pause
):
    first = tokens = airtable.connect()
    for _ in range(refreshes):
        tokens = airtable.refresh(tokens["refresh_token"]).data
    airtable.clock.now += pause

    for spent in (first, tokens):
        assert airtable.refresh(spent["refresh_token"]).status == 400
    assert not airtable.works(tokens)


def test_notion_answers_exactly_what_is_documented(notion):
    tokens = notion.connect()
    person = tokens["owner"]["user"]
    assert set(tokens) == PAIR | WORKSPACE | OTHERS
    assert (person["id"], person["person"]["email_verified"]) == (INES, True)
    withheld = notion.connect(grant_owner="no_email")["owner"]
    assert withheld["user"]["person"] == {}

    # An authorization can be owned in other ways.
    partial = {"type": "user", "user": {"object": "user", "id": INES}}
    workspace = {"type": "workspace", "workspace": True}
    for owner, expected in (("workspace", workspace), ("partial", partial)):
        assert notion.connect(grant_owner=owner)["owner"] == expected
        assert notion.get(ME).data["bot"]["owner"] == expected


@pytest.mark.parametrize("is_kept", [False, True])
def test_authorizing_again_ends_the_persons_earlier_pair_or_keeps_it(notion, is_kept):
    notion.switch_all(reauthorization_kills=not is_kept, stable_bot_id=is_kept)
    old, new = notion.connect(), notion.connect()
    notion.connect(f"{DROMEDARY}:{NOUR}")

    assert [notion.works(new), notion.works(old)] == [True, is_kept]
    assert (new["bot_id"] == old["bot_id"]) is is_kept
    again = notion.refresh(old["refresh_token"])
    assert (again.data.get("code") == "invalid_grant") is not is_kept


def test_notion_names_what_became_of_a_code_and_of_a_bot_and_wants_a_version(notion):
    code = notion.consent().query["code"]
    old = notion.exchange(code).data
    again = notion.exchange(code)
    new = notion.refresh(old["refresh_token"]).data
    refused = notion.ask_token({}, {"Notion-Version": ""})

    assert again.data["message"] == "Invalid code: this code has been revoked."
    assert new["bot_id"] == old["bot_id"]
    assert (refused.status, refused.data["code"]) == (400, "missing_version")


def test_switches_change_what_notion_answers(notion):
    notion.switch("old_access_survives", True)
    old = notion.connect()
    rotated = notion.refresh(old["refresh_token"]).data
    assert notion.works(old)

    # An old app gets its active pair again.
    notion.switch("same_pair", True)
    again = notion.connect()
    for name in ("access_token", "refresh_token"):
        assert again[name] == rotated[name]

    notion.switch_all(same_pair=False, refresh_tokens=False, rfc_errors=True)
    refused = notion.refresh("nrt_nothing")
    assert notion.connect()["refresh_token"] is None
    assert refused.status == 400
    assert set(refused.data) == {"error", "error_description"}


def test_a_token_of_notion_is_introspected_and_revoked(notion):
    tokens = notion.connect()
    shown = notion.query("inventory", with_ids=1)["types"]
    body = {"token": tokens["access_token"]}

    def ask(what, body=body):
        return notion.call("POST", f"{API}/oauth/{what}", body=body, headers=BASIC).data

    # Neither takes what is not described, and only an access token is revoked.
    wrong = [
        (what, {**body, "token_type_hint": "x"}) for what in ("introspect", "revoke")
    ]
    wrong += [("introspect", {}), ("revoke", {"token": tokens["refresh_token"]})]
    assert {ask(*given)["code"] for given in wrong} == {"invalid_request"}
    before, revoked, after = ask("introspect"), ask("revoke"), ask("introspect")

    assert (before["active"], after["active"]) == (True, False)
    assert set(before) == {"active", "scope", "iat", "request_id"}
    assert set(revoked) == {"request_id"}
    assert not notion.works()
    assert notion.get_error(notion.refresh(tokens["refresh_token"])) == "invalid_grant"
    # A grant given again shows the same.
    notion.connect()
    assert notion.query("inventory", with_ids=1)["types"] == shown

"""Check the token endpoint of the simulated Notion."""

import pytest

from tests.sandbox.notion_client import API, BASIC, CALLBACK, DROMEDARY, INES, NOUR

ME = f"{API}/users/me"


def test_an_exchange_answers_exactly_what_is_documented(notion):
    answer = notion.exchange(notion.consent().query["code"])

    assert answer.status == 200
    assert set(answer.data) == {
        "access_token",
        "token_type",
        "refresh_token",
        "bot_id",
        "workspace_id",
        "workspace_name",
        "workspace_icon",
        "owner",
        "duplicated_template_id",
        "request_id",
    }
    person = answer.data["owner"]["user"]
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


def test_a_code_works_once(notion):
    code = notion.consent().query["code"]
    notion.exchange(code)

    again = notion.exchange(code)

    assert again.status == 400
    assert again.data["code"] == "invalid_grant"
    assert again.data["message"] == "Invalid code: this code has been revoked."
    assert notion.ask("stats")["double_spends"] == 1


@pytest.mark.parametrize("redirect_uri", [CALLBACK + "/", "http://evil.example/"])
def test_the_redirect_address_must_be_the_same_in_both_steps(notion, redirect_uri):
    code = notion.consent().query["code"]

    refused = notion.exchange(code, redirect_uri=redirect_uri)

    assert refused.data["code"] == "invalid_grant"
    assert notion.exchange(code).status == 200


def test_the_redirect_address_may_not_be_left_out(notion):
    code = notion.consent().query["code"]

    answer = notion.token({"grant_type": "authorization_code", "code": code})

    assert answer.data["code"] == "invalid_request"


def test_a_code_ends_after_a_while(notion):
    code = notion.consent().query["code"]
    notion.clock.now += 61

    assert notion.exchange(code).data["code"] == "invalid_grant"


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic x", "Basic YTpi"])
def test_the_client_proves_itself_with_basic_authentication(notion, authorization):
    body = {"client_id": "sandbox-notion", "client_secret": "sandbox-secret-notion"}

    answer = notion.token(body, Authorization=authorization)

    assert answer.status == 401
    assert answer.data["code"] == "invalid_client"


def test_the_body_must_be_json(notion):
    url, form = f"{API}/oauth/token", {"grant_type": "refresh_token"}

    answer = notion.call("POST", url, form=form, headers=BASIC)

    assert answer.data["code"] == "invalid_json"


def test_the_version_is_required_here_too(notion):
    answer = notion.token({}, **{"Notion-Version": ""})

    assert answer.status == 400
    assert answer.data["code"] == "missing_version"


def test_another_grant_type_is_refused(notion):
    answer = notion.token({"grant_type": "client_credentials"})

    assert answer.data["code"] == "unsupported_grant_type"


def test_a_refresh_rotates_both_tokens_at_once(notion):
    old = notion.connect()

    new = notion.refresh(old["refresh_token"]).data

    assert new["access_token"] != old["access_token"]
    assert new["bot_id"] == old["bot_id"]
    assert notion.get(ME).status == 401
    assert notion.refresh(old["refresh_token"]).data["code"] == "invalid_grant"
    notion.use(new)
    assert notion.get(ME).status == 200
    assert notion.refresh(new["refresh_token"]).status == 200


def test_a_switch_lets_the_old_access_token_live(notion):
    notion.switch("old_access_survives", True)
    old = notion.connect()

    notion.refresh(old["refresh_token"])

    assert notion.get(ME).status == 200


def test_a_switch_leaves_the_refresh_token_out(notion):
    notion.switch("refresh_tokens", False)

    assert notion.connect()["refresh_token"] is None


def test_errors_have_a_second_shape(notion):
    notion.switch("rfc_errors", True)

    answer = notion.refresh("nrt_nothing")

    assert answer.status == 400
    assert set(answer.data) == {"error", "error_description"}
    assert answer.data["error"] == "invalid_grant"


def test_authorizing_again_ends_the_earlier_pair(notion):
    old = notion.connect()
    new = notion.connect()

    assert notion.refresh(old["refresh_token"]).data["code"] == "invalid_grant"
    assert notion.get(ME).status == 200
    notion.use(old)
    assert notion.get(ME).status == 401
    assert new["bot_id"] != old["bot_id"]


def test_a_switch_spares_the_earlier_pair_and_another_keeps_the_bot(notion):
    notion.switch("reauthorization_kills", False)
    notion.switch("stable_bot_id", True)
    old = notion.connect()
    new = notion.connect()

    notion.use(old)

    assert notion.get(ME).status == 200
    assert new["bot_id"] == old["bot_id"]


def test_an_old_app_gets_its_active_pair_again(notion):
    notion.switch("same_pair", True)
    old = notion.connect()
    rotated = notion.refresh(old["refresh_token"]).data

    again = notion.connect()

    assert again["access_token"] == rotated["access_token"]
    assert again["refresh_token"] == rotated["refresh_token"]


def test_authorizing_again_spares_other_people(notion):
    notion.connect()
    first = dict(notion.headers)
    notion.connect(f"{DROMEDARY}:{NOUR}")

    notion.headers = first

    assert notion.get(ME).status == 200


def test_a_token_is_introspected_and_revoked(notion):
    tokens = notion.connect()
    body = {"token": tokens["access_token"]}

    def ask(what):
        return notion.call("POST", f"{API}/oauth/{what}", body=body, headers=BASIC).data

    before = ask("introspect")
    revoked = ask("revoke")
    after = ask("introspect")

    assert before["active"] is True
    assert set(before) == {"active", "scope", "iat", "request_id"}
    assert set(revoked) == {"request_id"}
    assert after["active"] is False
    assert notion.get(ME).status == 401
    assert notion.refresh(tokens["refresh_token"]).data["code"] == "invalid_grant"


def test_an_access_token_can_be_expired_and_refreshed(notion):
    tokens = notion.connect()

    assert notion.order("tokens/expire") == {"expired": 1}
    assert notion.get(ME).data["code"] == "unauthorized"
    notion.use(notion.refresh(tokens["refresh_token"]).data)
    assert notion.get(ME).status == 200


def test_a_grant_revoked_and_given_again_shows_the_same(notion):
    notion.connect()
    before = notion.ask("inventory", with_ids=1)["types"]

    notion.order("grants/revoke")
    assert notion.get(ME).status == 401
    notion.connect()

    assert notion.ask("inventory", with_ids=1)["types"] == before

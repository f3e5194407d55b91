"""Check the limits and the faults of the simulated Notion."""

import pytest

from tests.sandbox.notion_client import API, DROMEDARY, INES, LANTERN, NOUR, TOMASZ

ME = f"{API}/users/me"
SEARCH = f"{API}/search"


@pytest.mark.parametrize("version", ["", "2025-09-03", "2022-06-28"])
def test_one_version_is_answered_and_none_is_an_error(lantern, version):
    lantern.headers["Notion-Version"] = version

    answer = lantern.get(ME)

    assert answer.status == 400
    expected = "validation_error" if version else "missing_version"
    assert answer.data["code"] == expected


def test_every_answer_names_its_request(lantern):
    answer = lantern.get(ME)

    assert answer.headers["x-notion-request-id"] == answer.data["request_id"]


def test_a_workspace_gets_its_calls_in_fixed_minutes(notion):
    notion.connect()
    notion.headers, ines = {}, dict(notion.headers)
    notion.connect(f"{LANTERN}:{TOMASZ}")
    tomasz = dict(notion.headers)
    statuses = []
    for number in range(180):
        notion.headers = (ines, tomasz)[number % 2]
        statuses.append(notion.get(ME).status)
    notion.clock.now += 20

    refused = notion.get(ME)
    notion.clock.now += 40

    assert set(statuses) == {200}
    assert refused.status == 429
    assert refused.headers["Retry-After"] == "40"
    assert refused.data["additional_data"] == {
        "rate_limit_reason": "public_api_request_rate_limit",
        "retry_after": "40",
    }
    assert notion.get(ME).status == 200


def test_a_better_plan_gets_more(notion):
    notion.connect(f"{DROMEDARY}:{NOUR}")

    assert {notion.get(ME).status for _ in range(600)} == {200}
    assert notion.get(ME).status == 429


@pytest.mark.parametrize(
    ("kind", "status", "reason", "retry_after"),
    [
        ("space_limit", 429, "public_api_space_request_rate_limit", "90"),
        ("endpoint_limit", 429, "public_api_endpoint_rate_limit", "12"),
        ("request_blocked", 429, "public_api_request_blocked", None),
        ("overload", 529, None, "5"),
    ],
)
def test_limits_of_other_kinds(lantern, kind, status, reason, retry_after):
    lantern.fault(kind)

    answer = lantern.get(ME)

    assert answer.status == status
    assert answer.headers.get("Retry-After") == retry_after
    data = answer.data.get("additional_data", {})
    assert data.get("rate_limit_reason") == reason
    assert data.get("retry_after") == retry_after


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "conflict_error"),
        (500, "internal_server_error"),
        (502, "bad_gateway"),
        (503, "service_unavailable"),
        (504, "gateway_timeout"),
    ],
)
def test_any_status_has_notions_own_body(lantern, status, code):
    lantern.fault("status", "search", status=status, count=1)

    answer = lantern.post(SEARCH, {})

    assert answer.status == status
    assert answer.data["object"] == "error"
    assert answer.data["code"] == code
    assert lantern.post(SEARCH, {}).status == 200


def test_the_edge_answers_in_html(lantern):
    lantern.fault("edge_block")

    answer = lantern.get(ME)

    assert answer.status == 403
    assert "cf-ray" in answer.headers
    assert "x-notion-request-id" not in answer.headers
    assert answer.text.startswith("<!doctype html>")


def test_a_database_that_is_down_says_so(lantern):
    lantern.fault("database_down")

    assert lantern.get(ME).data["code"] == "database_connection_unavailable"


def test_a_cursor_can_turn_bad(lantern):
    cursor = lantern.post(SEARCH, {}).data["next_cursor"]
    lantern.fault("bad_cursor", "search", count=2)

    first = lantern.post(SEARCH, {})
    second = lantern.post(SEARCH, {"start_cursor": cursor})

    assert first.status == 200
    assert second.data["code"] == "validation_error"


def test_a_slow_schema_wants_smaller_pages(lantern):
    source = lantern.find("Everything", type="data_sources")["id"]
    lantern.fault("slow_schema", "query")
    url = f"{API}/data_sources/{source}/query"

    refused = lantern.post(url, {})

    assert refused.status == 503
    assert refused.data["additional_data"]["retry_guidance"]
    assert lantern.post(url, {"page_size": 25}).status == 200


def test_unknown_objects_and_parents_can_appear(lantern):
    lantern.fault("unknown_object", "search", count=1)
    stranger = lantern.post(SEARCH, {}).data["results"][0]
    lantern.fault("unknown_parent", "pages", count=1)
    page = lantern.get(f"{API}/pages/{lantern.find('Team handbook')['id']}").data

    assert stranger["object"] == "canvas"
    assert page["parent"]["type"] == "teamspace_id"


def test_a_list_can_be_cut_off(lantern):
    lantern.fault("incomplete", "query")
    source = lantern.find("Tasks", type="data_sources")["id"]

    data = lantern.post(f"{API}/data_sources/{source}/query", {}).data

    assert data["has_more"] is False
    assert data["request_status"]["type"] == "incomplete"


@pytest.mark.parametrize(
    ("kind", "status"), [("invalid_grant", 400), ("invalid_client", 401)]
)
def test_the_token_endpoint_can_refuse(notion, kind, status):
    tokens = notion.connect()
    notion.fault(kind, "token", count=1)

    refused = notion.refresh(tokens["refresh_token"])

    assert refused.status == status
    assert refused.data["code"] == kind
    assert notion.refresh(tokens["refresh_token"]).status == 200


def test_a_lost_answer_spends_the_refresh_token(notion):
    tokens = notion.connect()
    notion.fault("lost", "token", count=1)
    with pytest.raises(ConnectionResetError):
        notion.refresh(tokens["refresh_token"])

    assert notion.refresh(tokens["refresh_token"]).data["code"] == "invalid_grant"


def test_writes_and_other_addresses_are_not_simulated(lantern):
    assert lantern.patch(f"{API}/pages/{INES}", {}).status == 404
    assert lantern.get(f"{API}/comments").status == 404

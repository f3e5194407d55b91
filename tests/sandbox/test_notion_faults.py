"""Check the limits and the faults of the simulated Notion."""

import pytest

from tests.sandbox.notion_client import API, DROMEDARY, LANTERN, NOUR, TOMASZ

ME = f"{API}/users/me"
SEARCH = f"{API}/search"
RATE = "public_api_request_rate_limit"


@pytest.mark.parametrize("version", ["", "2025-09-03", "2022-06-28"])
def test_one_version_is_answered_and_none_is_an_error(lantern, version):
    fine = lantern.get(ME)
    lantern.headers["Notion-Version"] = version

    refused = lantern.get(ME)

    expected = "validation_error" if version else "missing_version"
    assert (refused.status, refused.data["code"]) == (400, expected)
    for answer in (fine, refused):
        assert answer.headers["x-notion-request-id"] == answer.data["request_id"]


def test_a_workspace_gets_its_calls_in_fixed_minutes(notion):
    both = [notion.connect(), notion.connect(f"{LANTERN}:{TOMASZ}")]
    worked = {notion.works(both[number % 2]) for number in range(180)}
    notion.clock.now += 20
    refused = notion.get(ME)
    notion.clock.now += 40

    assert worked == {True}
    assert (refused.status, refused.headers["Retry-After"]) == (429, "40")
    expected = {"rate_limit_reason": RATE, "retry_after": "40"}
    assert refused.data["additional_data"] == expected
    assert notion.works()


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

    data = answer.data.get("additional_data", {})
    assert (answer.status, data.get("rate_limit_reason")) == (status, reason)
    assert answer.headers.get("Retry-After") == retry_after == data.get("retry_after")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("status", 409, "conflict_error"),
        ("status", 500, "internal_server_error"),
        ("status", 502, "bad_gateway"),
        ("status", 503, "service_unavailable"),
        ("status", 504, "gateway_timeout"),
        ("database_down", 503, "database_connection_unavailable"),
        ("unauthorized", 401, "unauthorized"),
        ("restricted", 403, "restricted_resource"),
    ],
)
def test_any_status_has_notions_own_body(lantern, kind, status, code):
    lantern.fault(kind, "search", status=status, count=1)

    answer = lantern.post(SEARCH, {})

    assert (answer.status, answer.data["object"]) == (status, "error")
    assert answer.data["code"] == code
    assert lantern.post(SEARCH, {}).status == 200


def test_the_edge_answers_in_html(lantern):
    lantern.fault("edge_block")

    answer = lantern.get(ME)

    assert (answer.status, "cf-ray" in answer.headers) == (403, True)
    assert "x-notion-request-id" not in answer.headers
    assert answer.text.startswith("<!doctype html>")


def test_a_cursor_can_turn_bad(lantern):
    lantern.fault("bad_cursor", "search", count=2)
    first = lantern.post(SEARCH, {})

    cursor = first.data["next_cursor"]
    second = lantern.post(SEARCH, {"start_cursor": cursor})

    assert (first.status, second.data["code"]) == (200, "validation_error")


def test_a_query_can_be_slow_or_cut_off(lantern):
    source = lantern.id("Everything", type="data_sources")
    url = f"{API}/data_sources/{source}/query"
    lantern.fault("slow_schema", "query")

    refused, small = lantern.post(url, {}), lantern.post(url, {"page_size": 25})
    lantern.fault("incomplete", "query")
    cut = lantern.post(url, {"page_size": 1}).data

    assert (refused.status, small.status) == (503, 200)
    assert refused.data["additional_data"]["retry_guidance"]
    assert (cut["has_more"], cut["request_status"]["type"]) == (False, "incomplete")


def test_unknown_objects_and_parents_can_appear(lantern):
    lantern.fault("unknown_object", "search", count=1)
    stranger = lantern.post(SEARCH, {}).data["results"][0]
    lantern.fault("unknown_parent", "pages", count=1)
    page = lantern.show(lantern.id("Team handbook")).data
    lantern.fault("no_request_id", "me", count=1)

    assert stranger["object"] == "canvas"
    assert page["parent"]["type"] == "teamspace_id"
    assert "request_id" not in lantern.get(ME).data

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


def test_a_workspace_gets_its_calls_in_fixed_minutes_and_a_better_plan_more(notion):
    nour = notion.connect(f"{DROMEDARY}:{NOUR}")
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
    assert {notion.works(nour) for _ in range(600)} == {True}
    assert notion.get(ME).status == 429


FAULTS = [
    ("space_limit", 429, "rate_limited", "public_api_space_request_rate_limit", "90"),
    ("endpoint_limit", 429, "rate_limited", "public_api_endpoint_rate_limit", "12"),
    ("request_blocked", 429, "rate_limited", "public_api_request_blocked", None),
    ("overload", 529, "service_overload", None, "5"),
    ("status", 409, "conflict_error", None, None),
    ("status", 500, "internal_server_error", None, None),
    ("status", 502, "bad_gateway", None, None),
    ("status", 503, "service_unavailable", None, None),
    ("status", 504, "gateway_timeout", None, None),
    ("database_down", 503, "database_connection_unavailable", None, None),
    ("unauthorized", 401, "unauthorized", None, None),
    ("restricted", 403, "restricted_resource", None, None),
]


@pytest.mark.parametrize(("kind", "status", "code", "reason", "wait"), FAULTS)
def test_any_fault_has_notions_own_body(lantern, kind, status, code, reason, wait):
    lantern.fault(kind, "search", status=status, count=1)

    answer = lantern.post(SEARCH, {})

    body, more = answer.data, answer.data.get("additional_data", {})
    assert (answer.status, body["object"], body["code"]) == (status, "error", code)
    assert more.get("rate_limit_reason") == reason
    assert answer.headers.get("Retry-After") == more.get("retry_after") == wait
    assert lantern.post(SEARCH, {}).status == 200


def test_a_cursor_can_turn_bad(lantern):
    lantern.fault("bad_cursor", "search", count=2)
    first = lantern.post(SEARCH, {})
    cursor = first.data["next_cursor"]
    second = lantern.post(SEARCH, {"start_cursor": cursor})

    assert (first.status, second.data["code"]) == (200, "validation_error")


def test_a_query_can_be_slow_or_cut_off_and_unknown_things_can_appear(lantern):
    source = lantern.id("Everything", type="data_sources")
    url = f"{API}/data_sources/{source}/query"
    lantern.fault("slow_schema", "query")
    refused, small = lantern.post(url, {}), lantern.post(url, {"page_size": 25})
    lantern.fault("incomplete", "query")
    cut = lantern.post(url, {"page_size": 1}).data
    for kind, family in (("object", "search"), ("parent", "pages")):
        lantern.fault(f"unknown_{kind}", family, count=1)
    lantern.fault("no_request_id", "me", count=1)

    assert (refused.status, small.status) == (503, 200)
    assert refused.data["additional_data"]["retry_guidance"]
    assert (cut["has_more"], cut["request_status"]["type"]) == (False, "incomplete")
    assert lantern.post(SEARCH, {}).data["results"][0]["object"] == "canvas"
    page = lantern.show(lantern.id("Team handbook")).data
    assert page["parent"]["type"] == "teamspace_id"
    assert "request_id" not in lantern.get(ME).data

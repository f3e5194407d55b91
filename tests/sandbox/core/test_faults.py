"""Check limits of portals, and that faults strike where and as often as asked."""

import json

import pytest

from tests.sandbox.wsgi_client import CLIENT, TOKEN

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 503, "count": 2}, [503, 503, 200, 200]),
        ({"skip": 2, "count": 1}, [200, 200, 500, 200]),
        ({"path": "/contacts"}, [500] * 4),
        ({"path": "/deals"}, [200] * 4),
    ],
)
def test_a_fault_strikes_its_family_and_as_often_as_asked(connected, fault, expected):
    connected.fault("status", "list", **fault)

    assert [connected.get(CONTACTS).status for _ in range(4)] == expected
    assert connected.works()
    assert bool(connected.query("state")["faults"]) is ("path" in fault)


@pytest.mark.parametrize("status", [401, 403, 423, 429, 477, 500, 502, 504])
def test_any_status_can_be_asked_for_with_retry_after(flow, status):
    flow.connect()
    flow.fault("status", status=status, retry_after=7)

    answer = flow.get(flow.probe)

    assert (answer.status, answer.headers["Retry-After"]) == (status, "7")


def test_an_answer_can_take_its_time(connected):
    for kind, given, seconds in (
        ("latency", {"ms": 1500}, 1.5),
        ("slow", {"seconds": 20}, 20),
    ):
        connected.fault(kind, count=1, **given)
        before = connected.clock.now
        assert connected.get(CONTACTS).data["results"]
        assert connected.clock.now == pytest.approx(before + seconds)


def test_bodies_can_be_html_broken_off_or_of_the_wrong_shape(connected):
    bodies = {}
    for kind in ("html", "truncated", "wrong_shape", "empty"):
        connected.fault(kind, count=1)
        bodies[kind] = connected.get(CONTACTS)

    assert {answer.status for answer in bodies.values()} == {200}
    assert bodies["html"].headers["Content-Type"].startswith("text/html")
    with pytest.raises(json.JSONDecodeError):
        _ = bodies["truncated"].data
    assert isinstance(bodies["wrong_shape"].data, list)
    assert bodies["empty"].data == {}
    connected.fault("intermediary", status=401, form="text", count=1)
    front = connected.get(CONTACTS)
    assert (front.status, front.headers["Content-Type"]) == (401, "text/plain")
    connected.fault("cut", count=1)
    with pytest.raises(ConnectionResetError):
        connected.get(CONTACTS)
    connected.fault("oversized", megabytes=3)
    assert len(connected.get(CONTACTS).body) > 3 * 1024 * 1024


def test_hubspot_has_faults_and_a_family_of_its_own(client):
    tokens = client.connect()
    client.fault("missing_scopes", "list", count=1)
    client.fault("bad_hub", "oauth", count=1)

    refused = client.refresh(tokens["refresh_token"])
    closed = client.get(CONTACTS)
    client.fault("status", "oauth", status=500, count=1)
    introspected = client.call("POST", f"{TOKEN}/introspect", form=CLIENT)
    client.fault("invalid_grant", "token", portal="2081774")
    elsewhere = client.exchange(client.consent("2081774:61").query["code"])

    assert (refused.status, refused.data["error"]) == (400, "access_denied")
    assert closed.data["category"] == "MISSING_SCOPES"
    assert introspected.status == 500
    # A fault can be meant for one portal.
    assert elsewhere.data["error"] == "invalid_grant"
    assert client.refresh(tokens["refresh_token"]).status == 200


def test_faults_of_one_provider_are_cleared_alone_and_calm_ends_everything(
    connected, notion
):
    connected.fault("status")
    for _ in range(2):
        notion.fault("status")
    connected.switch("index_lag", 60)

    assert connected.command("faults/clear", only="hubspot") == {"cleared": 1}
    left = connected.query("state")["faults"]
    assert [fault["provider"] for fault in left] == ["notion"] * 2
    assert connected.command("faults/clear", id=left[0]["id"]) == {"cleared": 1}
    connected.command("calm")
    state = connected.query("state")
    assert (state["faults"], state["switches"]) == ([], [])
    assert connected.get(CONTACTS).status == 200


def test_a_portal_gets_a_hundred_and_ten_calls_in_any_ten_seconds(connected):
    statuses = {connected.get(CONTACTS, limit=1).status for _ in range(110)}
    refused = connected.get(CONTACTS, limit=1)
    connected.clock.now += 10

    assert (statuses, refused.status) == ({200}, 429)
    told = {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}
    assert refused.data.items() >= told.items()
    assert "Retry-After" not in refused.headers
    assert refused.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert connected.get(CONTACTS, limit=1).status == 200


def test_search_has_its_own_limit_and_no_limit_headers(connected):
    *answers, last = [connected.post(f"{CONTACTS}/search", {}) for _ in range(6)]

    assert {answer.status for answer in answers} == {200}
    assert (last.status, last.data["policyName"]) == (429, "SECONDLY")
    assert "X-HubSpot-RateLimit-Max" not in answers[0].headers
    assert connected.get(CONTACTS).headers["X-HubSpot-RateLimit-Remaining"] == "109"


def test_portals_do_not_share_their_limits_and_switches_tell_and_lift_them(connected):
    connected.switch_all(calls_per_ten_seconds=1, retry_after_on_429=True)
    tokens = connected.connect()
    connected.get(CONTACTS)

    refused = connected.get(CONTACTS)
    told = ("Max", "1"), ("Remaining", "0"), ("Interval-Milliseconds", "10000")
    limits = {f"X-HubSpot-RateLimit-{name}": text for name, text in told}
    assert refused.headers.items() >= limits.items()
    assert "X-HubSpot-RateLimit-Daily" not in refused.headers
    connected.connect("2081774:61")
    elsewhere = connected.get(CONTACTS)
    connected.command("switches/set", name="rate_limits", value=False, portal="555111")
    connected.use(tokens)

    assert (refused.status, refused.headers["Retry-After"]) == (429, "10")
    assert (elsewhere.status, connected.get(CONTACTS).status) == (200, 200)

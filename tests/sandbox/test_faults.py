"""Check that faults strike where they are meant to, as often as asked."""

import json

import pytest

from tests.sandbox.wsgi_client import CLIENT, TOKEN

CONTACTS = "/hubspot/crm/objects/2026-09/contacts"
DETAILS = "/hubspot/account-info/2026-09/details"


def test_a_fault_strikes_its_family_and_stops_after_its_count(connected):
    connected.order("faults/add", kind="status", family="list", status=503, count=2)

    statuses = [connected.get(CONTACTS).status for _ in range(3)]

    assert statuses == [503, 503, 200]
    assert connected.get(DETAILS).status == 200
    assert connected.ask("state")["faults"] == []


def test_a_fault_can_wait_for_a_later_page(connected):
    connected.order("faults/add", kind="status", family="list", skip=2, count=1)

    statuses = [connected.get(CONTACTS).status for _ in range(4)]

    assert statuses == [200, 200, 500, 200]


def test_a_fault_can_be_meant_for_one_portal(client):
    tokens = client.connect()
    client.order("faults/add", kind="invalid_grant", family="token", portal="2081774")
    other = client.connect("555111:4243")

    assert client.refresh(tokens["refresh_token"]).status == 200
    assert client.refresh(other["refresh_token"]).status == 200
    consented = client.consent("2081774:61").query["code"]
    assert client.exchange(consented).data["error"] == "invalid_grant"


@pytest.mark.parametrize("status", [401, 403, 423, 429, 477, 500, 502, 504])
def test_any_status_can_be_asked_for_with_retry_after(connected, status):
    connected.order("faults/add", kind="status", status=status, retry_after=7)

    answer = connected.get(CONTACTS)

    assert answer.status == status
    assert answer.headers["Retry-After"] == "7"


def test_latency_passes_before_the_answer(connected):
    connected.order("faults/add", kind="latency", ms=1500)
    before = connected.clock.now

    assert connected.get(CONTACTS).status == 200
    assert connected.clock.now == before + 1.5


def test_bodies_can_be_html_truncated_or_of_the_wrong_shape(connected):
    bodies = {}
    for kind in ("html", "truncated", "wrong_shape", "empty"):
        connected.order("faults/add", kind=kind, count=1)
        bodies[kind] = connected.get(CONTACTS)

    assert all(answer.status == 200 for answer in bodies.values())
    assert bodies["html"].headers["Content-Type"].startswith("text/html")
    with pytest.raises(json.JSONDecodeError):
        _ = bodies["truncated"].data
    assert isinstance(bodies["wrong_shape"].data, list)
    assert bodies["empty"].data == {}


def test_a_body_can_be_larger_than_anybody_wants(connected):
    connected.order("faults/add", kind="oversized", megabytes=3)

    assert len(connected.get(CONTACTS).body) > 3 * 1024 * 1024


def test_a_slow_body_takes_its_time(connected):
    connected.order("faults/add", kind="slow", seconds=20)
    before = connected.clock.now

    assert connected.get(CONTACTS).data["results"]
    assert connected.clock.now == pytest.approx(before + 20)


def test_a_reset_happens_before_anything_is_done(client):
    tokens = client.connect()
    client.order("switches/set", name="rotation", value=True)
    client.order("faults/add", kind="reset", family="token", count=1)

    with pytest.raises(ConnectionResetError):
        client.refresh(tokens["refresh_token"])

    assert client.refresh(tokens["refresh_token"]).status == 200


def test_a_lost_answer_has_been_acted_on(client):
    tokens = client.connect()
    client.order("switches/set", name="rotation", value=True)
    client.order("faults/add", kind="lost", family="token", count=1)

    with pytest.raises(ConnectionResetError):
        client.refresh(tokens["refresh_token"])

    assert client.refresh(tokens["refresh_token"]).data["error"] == "invalid_grant"
    assert client.ask("stats")["by_status"]["0"] == 1


def test_a_body_can_break_off_in_the_middle(connected):
    connected.order("faults/add", kind="cut", count=1)

    with pytest.raises(ConnectionResetError):
        connected.get(CONTACTS)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("invalid_grant", "invalid_grant"),
        ("invalid_client", "invalid_client"),
        ("bad_hub", "access_denied"),
    ],
)
def test_the_token_endpoint_can_refuse(client, kind, error):
    tokens = client.connect()
    client.order("faults/add", kind=kind, family="oauth")

    answer = client.refresh(tokens["refresh_token"])

    assert (answer.status, answer.data["error"]) == (400, error)


@pytest.mark.parametrize("field", ["access_token", "refresh_token", "expires_in"])
def test_a_token_answer_can_lack_a_field(client, field):
    tokens = client.connect()
    client.order("faults/add", kind=f"no_{field}", family="token")

    answer = client.refresh(tokens["refresh_token"])

    assert answer.status == 200
    assert field not in answer.data


@pytest.mark.parametrize("value", ["soon", -5, None, 10**12])
def test_a_lifetime_can_be_odd(client, value):
    tokens = client.connect()
    client.order("faults/add", kind="odd_expires_in", family="token", value=value)

    assert client.refresh(tokens["refresh_token"]).data["expires_in"] == value


def test_scopes_can_go_missing(connected):
    connected.order("faults/add", kind="missing_scopes", family="list", count=1)

    assert connected.get(CONTACTS).data["category"] == "MISSING_SCOPES"


def test_introspection_belongs_to_the_oauth_family(client):
    client.order("faults/add", kind="status", family="oauth", status=500)
    form = {"token": "x", **CLIENT}

    assert client.call("POST", f"{TOKEN}/introspect", form=form).status == 500


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "plague"},
        {"kind": "status", "family": "nowhere"},
        {"kind": "status", "provider": "nobody"},
        {"kind": "status", "count": "often"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(client, order):
    answer = client.post("/control/api/faults/add", order)

    assert answer.status == 400
    assert answer.data["error"]


def test_faults_and_switches_survive_a_restart(start):
    first = start()
    first.order("faults/add", kind="status", family="list", count=5)
    first.order("switches/set", name="rotation", value=True)
    tokens = first.connect()

    second = start()
    second.headers = first.headers

    assert second.get(CONTACTS).status == 500
    assert second.ask("state")["faults"][0]["remaining"] == 4
    fresh = second.refresh(tokens["refresh_token"]).data
    assert fresh["refresh_token"] != tokens["refresh_token"]


def test_calm_returns_everything_to_normal(connected):
    connected.order("faults/add", kind="status")
    connected.order("switches/set", name="index_lag", value=60)

    connected.order("calm")

    assert connected.get(CONTACTS).status == 200
    assert connected.ask("state")["switches"] == []

"""Check the rate limits, the penalty and the monthly quota."""

import pytest

ORDERS = "Orders"


@pytest.fixture
def limited(client):
    """Return a connected client with a second of quiet behind it."""
    client.connect()
    client.clock.now += 1
    return client


def count_until_refused(client, path, most):
    return [client.api(path, pageSize=1).status for _ in range(most)]


def test_a_base_takes_five_calls_a_second_and_then_nothing_for_thirty(limited):
    path, _ = limited.find_table(ORDERS)
    limited.clock.now += 1

    assert count_until_refused(limited, path, 6) == [200] * 5 + [429]
    limited.clock.now += 29
    assert limited.api(path).status == 429
    limited.clock.now += 1
    assert limited.api(path).status == 200


def test_asking_during_the_penalty_does_not_lengthen_it(limited):
    path, _ = limited.find_table(ORDERS)
    count_until_refused(limited, path, 6)
    for _ in range(29):
        limited.clock.now += 1
        assert limited.api(path).status == 429

    limited.clock.now += 1

    assert limited.api(path).status == 200


def test_the_limit_of_a_base_is_shared_by_all_who_use_it(limited):
    path, _ = limited.find_table(ORDERS)
    count_until_refused(limited, path, 6)

    limited.connect()

    assert limited.api(path).status == 429
    assert limited.api("/meta/whoami").status == 200


def test_other_bases_go_on_during_a_penalty(limited):
    path, _ = limited.find_table(ORDERS)
    other, _ = limited.find_table("Items", "Inventory 📦")
    count_until_refused(limited, path, 6)

    assert limited.api(other).status == 200


def test_schema_calls_count_as_well(limited):
    base = limited.find_base()

    statuses = [limited.api(f"/meta/bases/{base}/tables").status for _ in range(6)]

    assert statuses == [200] * 5 + [429]


def test_a_grant_takes_fifty_calls_a_second(limited):
    statuses = [limited.api("/meta/whoami").status for _ in range(51)]

    assert statuses == [200] * 50 + [429]


def test_a_429_looks_as_in_practice_or_as_documented(limited):
    path, _ = limited.find_table(ORDERS)
    count_until_refused(limited, path, 6)

    seen = limited.api(path)
    limited.order("switches/set", name="documented_429", value=True)
    limited.order("switches/set", name="retry_after_on_429", value=True)
    documented = limited.api(path)

    assert seen.data["errors"][0]["error"] == "RATE_LIMIT_REACHED"
    assert "Retry-After" not in seen.headers
    assert documented.data["error"]["type"] == "RATE_LIMIT_REACHED"
    assert documented.headers["Retry-After"] == "30"


def test_a_free_workspace_is_blocked_until_the_month_ends(limited):
    path, _ = limited.find_table("Items", "Inventory 📦")
    limited.order("quota/set", id="wspHarbourHobbies", calls=999)

    last, over = limited.api(path), limited.api(path)
    base = path.split("/")[1]
    limited.clock.now += 1
    schema = limited.api(f"/meta/bases/{base}/tables")
    other, _ = limited.find_table(ORDERS)

    assert (last.status, over.status) == (200, 429)
    kind = over.data["errors"][0]["error"]
    assert kind == "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
    assert schema.status == 200
    assert limited.api(other).status == 200
    limited.clock.now += 13 * 86_400
    limited.connect()
    assert limited.api(path).status == 200


def test_a_team_workspace_over_its_month_only_slows_down(limited):
    path, _ = limited.find_table(ORDERS)
    limited.order("quota/set", calls=100_000)
    limited.clock.now += 1

    assert count_until_refused(limited, path, 3) == [200, 200, 429]


def test_the_inventory_tells_what_a_workspace_used(limited):
    path, _ = limited.find_table("Items", "Inventory 📦")

    limited.api(path)

    found = {w["id"]: w for w in limited.ask("inventory")["workspaces"]}
    assert found["wspHarbourHobbies"]["calls"] == 2
    assert found["wspHarbourHobbies"]["cap"] == 1000


def test_statistics_keep_the_peak_of_each_base(limited):
    path, _ = limited.find_table(ORDERS)
    limited.order("stats/reset")
    count_until_refused(limited, path, 4)

    peaks = limited.ask("stats")["max_in_1_second"]

    assert peaks[f"airtable:harbour:{path.split('/')[1]}"] == 4


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("rate_limit", {"errors"}),
        ("rate_limit_documented", {"error"}),
        ("monthly_limit", {"errors"}),
    ],
)
def test_a_fault_gives_each_429(limited, kind, shape):
    limited.order("faults/add", kind=kind, family="bases", count=1)

    answer = limited.api("/meta/bases")

    assert (answer.status, set(answer.data)) == (429, shape)


@pytest.mark.parametrize("shape", ["string", "object", "list"])
def test_a_fault_gives_each_envelope(limited, shape):
    fault = {"kind": "envelope", "shape": shape, "status": 403, "count": 1}
    limited.order("faults/add", **fault)

    body = limited.api("/meta/bases").data

    kind = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
    found = {
        "string": lambda: body["error"],
        "object": lambda: body["error"]["type"],
        "list": lambda: body["errors"][0]["error"],
    }
    assert found[shape]() == kind


def test_a_server_can_ask_for_patience(limited):
    limited.order("faults/add", kind="status", status=503, retry_after=7, count=1)

    answer = limited.api("/meta/bases")

    assert answer.data["error"]["type"] == "RETRIABLE_ERROR"
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize("status", [500, 502])
def test_other_failures_are_no_json(limited, status):
    limited.order("faults/add", kind="status", status=status, count=1)

    answer = limited.api("/meta/bases")

    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/plain")

"""Check the rate limits, the penalty and the monthly quota."""

import pytest

INVENTORY = ("Items", "Inventory 📦")
HOBBIES = "wspHarbourHobbies"


@pytest.fixture
def limited(client):
    """Return a connected client with a second of quiet behind it."""
    client.connect()
    client.clock.now += 1
    return client


@pytest.fixture
def orders(limited):
    path, _ = limited.find_table("Orders")
    limited.clock.now += 1
    return path


@pytest.fixture
def items(limited):
    return limited.find_table(*INVENTORY)[0]


def ask(client, path, times):
    return [client.api(path).status for _ in range(times)]


def test_a_base_takes_five_calls_a_second_and_then_nothing_for_thirty(limited, orders):
    assert ask(limited, orders, 6) == [200] * 5 + [429]
    # Asking during the penalty does not lengthen it.
    for _ in range(29):
        limited.clock.now += 1
        assert limited.api(orders).status == 429
    limited.clock.now += 1
    assert limited.api(orders).status == 200


def test_a_penalty_holds_for_all_who_use_a_base_and_for_no_other(limited, orders):
    other, _ = limited.find_table(*INVENTORY)
    ask(limited, orders, 6)

    assert limited.api(other).status == 200
    limited.connect()
    assert limited.api(orders).status == 429
    assert limited.api("/meta/whoami").status == 200


def test_schema_calls_count_as_well(limited, orders):
    path = f"/meta/bases/{orders.split('/')[1]}/tables"

    assert ask(limited, path, 6) == [200] * 5 + [429]


def test_a_grant_takes_fifty_calls_a_second(limited):
    assert ask(limited, "/meta/whoami", 51) == [200] * 50 + [429]


def test_a_429_looks_as_in_practice_or_as_documented(limited, orders):
    ask(limited, orders, 6)

    seen = limited.api(orders)
    for name in ("documented_429", "retry_after_on_429"):
        limited.order("switches/set", name=name, value=True)
    documented = limited.api(orders)

    assert seen.data["errors"][0]["error"] == "RATE_LIMIT_REACHED"
    assert "Retry-After" not in seen.headers
    assert documented.data["error"]["type"] == "RATE_LIMIT_REACHED"
    assert documented.headers["Retry-After"] == "30"


def test_a_free_workspace_is_blocked_until_the_month_ends(limited, items, orders):
    limited.order("quota/set", id=HOBBIES, calls=999)

    last, over = limited.api(items), limited.api(items)

    assert (last.status, over.status) == (200, 429)
    kind = over.data["errors"][0]["error"]
    assert kind == "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
    assert limited.api(f"/meta/bases/{items.split('/')[1]}/tables").status == 200
    assert limited.api(orders).status == 200
    limited.clock.now += 13 * 86_400
    limited.connect()
    assert limited.api(items).status == 200


def test_a_team_workspace_over_its_month_only_slows_down(limited, orders):
    limited.order("quota/set", calls=100_000)

    assert ask(limited, orders, 3) == [200, 200, 429]


def test_the_inventory_tells_what_a_workspace_used(limited, items):
    limited.api(items)

    found = {w["id"]: w for w in limited.ask("inventory")["workspaces"]}
    assert found[HOBBIES]["calls"] == 2
    assert found[HOBBIES]["cap"] == 1000


def test_statistics_keep_the_peak_of_each_base(limited, orders):
    limited.order("stats/reset")
    ask(limited, orders, 4)

    peaks = limited.ask("stats")["max_in_1_second"]

    assert peaks[f"airtable:harbour:{orders.split('/')[1]}"] == 4


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


@pytest.mark.parametrize(
    ("shape", "find"),
    [
        ("string", lambda body: body["error"]),
        ("object", lambda body: body["error"]["type"]),
        ("list", lambda body: body["errors"][0]["error"]),
    ],
)
def test_a_fault_gives_each_envelope(limited, shape, find):
    fault = {"kind": "envelope", "shape": shape, "status": 403, "count": 1}
    limited.order("faults/add", **fault)

    body = limited.api("/meta/bases").data

    assert find(body) == "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"


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

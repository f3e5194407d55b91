"""Check the rate limits, the penalty and the monthly quota."""

import pytest

INVENTORY = ("Items", "Inventory 📦")
HOBBIES = "wspHarbourHobbies"
CLOSED = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
MONTH = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"


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


def in_object(body):
    return body["error"]["type"]


def in_list(body):
    return body["errors"][0]["error"]


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


def test_schema_calls_count_as_well_and_a_grant_takes_fifty_a_second(limited, orders):
    path = f"/meta/bases/{orders.split('/')[1]}/tables"

    assert ask(limited, path, 6) == [200] * 5 + [429]
    limited.clock.now += 1
    assert ask(limited, "/meta/whoami", 51) == [200] * 50 + [429]


def test_a_429_looks_as_in_practice_or_as_documented(limited, orders):
    ask(limited, orders, 6)

    seen = limited.api(orders)
    for name in ("documented_429", "retry_after_on_429"):
        limited.order("switches/set", name=name, value=True)
    documented = limited.api(orders)

    assert in_list(seen.data) == in_object(documented.data) == "RATE_LIMIT_REACHED"
    assert "Retry-After" not in seen.headers
    assert documented.headers["Retry-After"] == "30"


def test_a_free_workspace_is_blocked_until_the_month_ends(limited, items, orders):
    limited.order("quota/set", id=HOBBIES, calls=999)

    last, over = limited.api(items), limited.api(items)

    assert (last.status, over.status) == (200, 429)
    assert in_list(over.data) == MONTH
    assert limited.api(f"/meta/bases/{items.split('/')[1]}/tables").status == 200
    assert limited.api(orders).status == 200
    limited.clock.now += 13 * 86_400
    limited.connect()
    assert limited.api(items).status == 200


def test_a_team_workspace_over_its_month_only_slows_down(limited, orders):
    limited.order("quota/set", calls=100_000)

    assert ask(limited, orders, 3) == [200, 200, 429]


def test_the_calls_of_a_workspace_and_the_peak_of_a_base_are_told(limited, items):
    limited.order("stats/reset")
    ask(limited, items, 4)

    found = {w["id"]: w for w in limited.ask("inventory")["workspaces"]}
    peaks = limited.ask("stats")["max_in_1_second"]
    assert (found[HOBBIES]["calls"], found[HOBBIES]["cap"]) == (5, 1000)
    assert peaks[f"airtable:harbour:{items.split('/')[1]}"] == 4


@pytest.mark.parametrize(
    ("fault", "status", "find", "kind"),
    [
        ({"kind": "rate_limit"}, 429, in_list, "RATE_LIMIT_REACHED"),
        ({"kind": "rate_limit_documented"}, 429, in_object, "RATE_LIMIT_REACHED"),
        ({"kind": "monthly_limit"}, 429, in_list, MONTH),
        ({"kind": "envelope", "shape": "string"}, 403, lambda b: b["error"], CLOSED),
        ({"kind": "envelope", "shape": "object"}, 403, in_object, CLOSED),
        ({"kind": "envelope", "shape": "list"}, 403, in_list, CLOSED),
        ({"kind": "status", "retry_after": 7}, 503, in_object, "RETRIABLE_ERROR"),
    ],
)
def test_a_fault_gives_each_error_in_its_envelope(limited, fault, status, find, kind):
    given = {"status": status} if fault["kind"] in ("envelope", "status") else {}
    limited.order("faults/add", family="bases", count=1, **fault, **given)

    answer = limited.api("/meta/bases")

    assert (answer.status, find(answer.data)) == (status, kind)
    assert len(answer.data) == 1
    assert answer.headers.get("Retry-After") == ("7" if status == 503 else None)


@pytest.mark.parametrize("status", [500, 502])
def test_other_failures_are_no_json(limited, status):
    limited.order("faults/add", kind="status", status=status, count=1)

    answer = limited.api("/meta/bases")

    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/plain")

"""Check the rate limits, the penalty and the monthly quota."""

import pytest

INVENTORY = ("Items", "Inventory 📦")
HOBBIES = "wspHarbourHobbies"
RATE, MONTH = "RATE_LIMIT_REACHED", "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
CLOSED = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"


@pytest.fixture
def orders(airtable):
    """Return a path, with a second of quiet behind its client."""
    airtable.connect()
    airtable.clock.now += 1
    path, _ = airtable.find_table("Orders")
    airtable.clock.now += 1
    return path


@pytest.fixture
def items(airtable, orders):
    return airtable.find_table(*INVENTORY)[0]


# What an error is called, by the envelope it comes in.
SHAPES = {
    "string": lambda body: body["error"],
    "object": lambda body: body["error"]["type"],
    "list": lambda body: body["errors"][0]["error"],
}


def ask(airtable, path, times):
    return [airtable.api(path).status for _ in range(times)]


def test_a_base_takes_five_calls_a_second_and_then_nothing_for_thirty(
    airtable, orders, items
):
    assert ask(airtable, orders, 6) == [200] * 5 + [429]
    # The penalty holds for all who use the base, and for no other.
    assert airtable.api(items).status == 200
    airtable.connect()
    assert airtable.api("/meta/whoami").status == 200
    # Asking during the penalty does not lengthen it.
    for pause, status in [*[(1, 429)] * 29, (1, 200)]:
        airtable.clock.now += pause
        assert airtable.api(orders).status == status


def test_schema_calls_count_as_well_and_a_grant_takes_fifty_a_second(airtable, orders):
    path = f"/meta/bases/{orders.split('/')[1]}/tables"

    assert ask(airtable, path, 6) == [200] * 5 + [429]
    airtable.clock.now += 1
    assert ask(airtable, "/meta/whoami", 51) == [200] * 50 + [429]


def test_the_calls_of_a_workspace_and_the_peak_of_a_base_are_told(airtable, items):
    airtable.command("stats/reset")
    ask(airtable, items, 4)

    found = {w["id"]: w for w in airtable.query("inventory")["workspaces"]}
    peaks = airtable.query("stats")["max_in_10_seconds"]
    assert found[HOBBIES].items() >= {"calls": 5, "cap": 1000}.items()
    assert peaks[f"airtable:harbour:{items.split('/')[1]}"] == 4


def test_a_429_looks_as_in_practice_or_as_documented(airtable, orders):
    ask(airtable, orders, 6)

    seen = airtable.api(orders)
    airtable.switch_all(documented_429=True, retry_after_on_429=True)
    documented = airtable.api(orders)

    assert SHAPES["list"](seen.data) == RATE
    assert SHAPES["object"](documented.data) == RATE
    waits = [answer.headers.get("Retry-After") for answer in (seen, documented)]
    assert waits == [None, "30"]


def test_a_free_workspace_is_blocked_until_the_month_ends_and_a_team_slows_down(
    airtable, items, orders
):
    airtable.command("quota/set", id=HOBBIES, calls=999)
    airtable.command("quota/set", calls=100_000)

    last, over = airtable.api(items), airtable.api(items)

    assert (last.status, over.status, SHAPES["list"](over.data)) == (200, 429, MONTH)
    assert airtable.api(f"/meta/bases/{items.split('/')[1]}/tables").status == 200
    assert ask(airtable, orders, 3) == [200, 200, 429]
    airtable.clock.now += 13 * 86_400
    airtable.connect()
    assert airtable.api(items).status == 200


@pytest.mark.parametrize(
    ("kind", "given", "status", "shape", "error"),
    [
        ("rate_limit", {}, 429, "list", RATE),
        ("monthly_limit", {}, 429, "list", MONTH),
        ("status", {}, 403, "object", CLOSED),
        ("status", {}, 404, "string", "NOT_FOUND"),
        ("status", {"retry_after": "7"}, 503, "object", "RETRIABLE_ERROR"),
    ],
)
def test_a_fault_gives_each_error_in_its_envelope(
    airtable, orders, kind, given, status, shape, error
):
    airtable.fault(kind, "bases", count=1, **{"status": status, **given})
    answer = airtable.api("/meta/bases")
    others = []
    for code in (500, 502):
        airtable.fault("status", status=code, count=1)
        others.append(airtable.api("/meta/bases"))

    assert (answer.status, SHAPES[shape](answer.data)) == (status, error)
    assert len(answer.data) == 1
    assert answer.headers.get("Retry-After") == given.get("retry_after")
    # Other failures are no JSON.
    assert [other.status for other in others] == [500, 502]
    for other in others:
        assert other.headers["Content-Type"].startswith("text/plain")

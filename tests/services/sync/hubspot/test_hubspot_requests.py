"""HubSpot is asked no more than there is to ask; its README has the same figures."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from integrations.models import Connection
from integrations.services.sync import engine, runs
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.hubspot_account import assert_equal_to, live, touch
from tests.services.readme_figures import read_figures

KINDS = {
    "owners": r"GET /hubspot/crm/owners/[^/]+\?.*archived=false",
    "archived owners": r"GET /hubspot/crm/owners/[^/]+\?.*archived=true",
    "pipelines": r"GET /hubspot/crm/pipelines/",
    "properties": r"GET /hubspot/crm/properties/",
    "archived": r"GET /hubspot/crm/objects/[^/]+/\w+\?.*archived=true",
    "list": r"GET /hubspot/crm/objects/[^/]+/\w+\?",
    "search": r"POST /hubspot/crm/objects/.*/search",
    "batch": r"POST /hubspot/crm/objects/.*/batch/read",
    "links": r"POST /hubspot/crm/associations/",
    "token": r"POST /hubspot/oauth/[^/]+/token$",
    "introspection": r"POST /hubspot/oauth/.*/introspect",
    "account": r"GET /hubspot/account-info/",
}
TYPES = ("contacts", "companies", "deals")


def kind_of(line: str) -> str:
    return next((k for k, form in KINDS.items() if re.match(form, line)), line)


def spent(sandbox: Any, since: int = 0) -> Counter[str]:
    return Counter(map(kind_of, sandbox.log[since:]))


def pages(number: int, size: int = 100) -> int:
    return max(1, math.ceil(number / size))


def least_of(sizes: Mapping[str, int], *, fits: bool) -> dict[str, int]:
    """Return the fewest calls that read everything: three types, in few pages.

    Unless the names of the properties fit into an address, a page costs a batch too.
    """
    listed = sum(map(pages, sizes.values()))
    return {
        **({} if fits else {"batch": listed}),
        "owners": 1,
        "archived owners": 1,
        "pipelines": 1,
        "properties": 3,
        "list": listed,
        "archived": 3,
        "search": 3,
    }


def probes_of(sizes: Mapping[str, int]) -> int:
    """Return in how many calls 200 ids of each type are looked for."""
    return sum(pages(min(200, size)) for size in sizes.values())


def live_sizes() -> dict[str, int]:
    return {kind: len(live(kind)) for kind in TYPES}


def all_of_it(*, fits: bool) -> dict[str, int]:
    """Return the fewest calls for the sandbox, which has labels of links on each page.

    Each costs the links of a page.
    """
    sizes = live_sizes()
    links = pages(sizes["contacts"]) + pages(sizes["deals"])
    return {**least_of(sizes, fits=fits), "links": links}


def assert_near(real: Counter[str], least: dict[str, int]) -> None:
    assert set(real) == set(least), real
    assert real.total() <= 1.2 * sum(least.values()), (real, least)


def test_connecting_asks_for_the_token_its_person_and_the_portal(
    connection: Connection, sandbox: Any
) -> None:
    assert spent(sandbox) == {"token": 1, "introspection": 1, "account": 1}


@pytest.mark.parametrize(("properties", "fits"), [(100, True), (300, False)])
def test_each_phase_asks_no_more_than_it_must(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    properties: int,
    fits: bool,
) -> None:
    sandbox.client.switch("properties", properties)

    def phase(minutes: int, *, changes: int = 0, **options: Any) -> Counter[str]:
        calls, at = len(sandbox.log), timezone.now() + timedelta(minutes=minutes)
        with time_machine.travel(at):
            if changes:
                touch(sandbox, count=changes, property="city", value="Bergen")
            assert finish_sync(connection, **options).outcome == "complete"
        return spent(sandbox, calls)

    first = phase(0)
    assert_near(first, all_of_it(fits=fits))
    assert first["owners"] == first["archived owners"] == first["pipelines"] == 1

    nothing_new = phase(20)
    # Links change without a date: of contacts one kind, of deals two. No list tells
    # what was erased for good, so 200 ids of each type are asked for.
    probes = probes_of(live_sizes())
    assert nothing_new == {"search": 3, "links": 3, "batch": probes}

    one_in_a_hundred = phase(21, changes=4)
    assert one_in_a_hundred == {"search": 3, "batch": 1 + probes, "links": 1 + 3}
    assert_equal_to(sandbox)

    assert_near(phase(22, full=True), all_of_it(fits=fits))


def test_the_readmes_example_has_these_figures() -> None:
    sizes = {"contacts": 20_000, "companies": 2_000, "deals": 5_000}
    changed = [size // 100 for size in sizes.values()]
    contacts, _, deals = (pages(each, 200) for each in changed)
    everything = sum(least_of(sizes, fits=True).values())
    nothing = 3 + probes_of(sizes)
    some = sum(pages(each, 200) + pages(each) for each in changed)
    least = {
        "connect": 3,
        "first load": everything,
        "nothing changed": nothing,
        "1 % changed": probes_of(sizes) + some + contacts + 2 * deals,
        "full refresh": everything,
        "a pass over links": pages(20_000, 1000) + 2 * pages(5_000, 1000),
    }

    told = {
        phase: cells for phase, cells in read_figures("hubspot").items() if cells[0]
    }

    assert {phase: cells[0] for phase, cells in told.items()} == {
        phase: [each] for phase, each in least.items()
    }
    assert all(made[0] <= 1.2 * most[0] for most, made in told.values())


def test_slices_of_one_run_share_what_is_the_accounts(
    connection: Connection, sandbox: Any
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    for _ in range(30):
        let_time_pass(run)
        engine.run_slice(run.pk, seconds=-1)
        run.refresh_from_db()
        if not run.is_open:
            break

    assert run.slices >= 10
    real = spent(sandbox)
    assert (real["owners"], real["archived owners"]) == (1, 1)

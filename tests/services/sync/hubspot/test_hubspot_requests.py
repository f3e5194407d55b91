"""HubSpot is asked no more than there is to ask; its README has the same figures."""

import json
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
from sandbox.hubspot.seed.tables import LABELS
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.hubspot_account import assert_equal_to, live, touch
from tests.services.readme_figures import FOLDER, read_figures
from tests.support.provider_answers.sandbox_transport import BASE

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
# What an incremental sync asks besides, once in LATE_ARRIVAL_MINUTES.
LATE = {
    "owners": 1,
    "archived owners": 1,
    "pipelines": 1,
    "properties": 3,
    "archived": 3,
    "search": 3,
}


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


def pass_over_links(sizes: Mapping[str, int]) -> int:
    """Return the fewest calls that tell all links: of deals there are two kinds.

    Links change without a date, and those of companies are told by the others.
    """
    return pages(sizes["contacts"], 1000) + 2 * pages(sizes["deals"], 1000)


def live_sizes() -> dict[str, int]:
    return {kind: len(live(kind)) for kind in TYPES}


class Labelled:
    """Count in what the sandbox answers the kinds of links whose labels are not known.

    A list does not tell how users call it, so that each costs a batch, until two have
    told of all names on a page.
    """

    def __init__(self, sandbox: Any) -> None:
        self.send, self.count = sandbox.send, 0
        self.told: Counter[tuple[str, str, str]] = Counter()

    def __call__(self, request: Any, *args: Any) -> Any:
        answer = self.send(request, *args)
        call = f"{request.method} {request.url.removeprefix(BASE)}"
        if kind_of(call) == "list":
            rows = json.loads(answer.body)["results"]
            names = {name for row in rows for name in labelled(row)}
            for other in {to for to, _ in names}:
                keys = [
                    (call.partition("?")[0], to, n) for to, n in names if to == other
                ]
                if any(self.told[key] < 2 for key in keys):
                    self.count += 1
                    self.told.update(keys)
        return answer

    def take(self) -> int:
        """Return how many there were in a run, and begin with another one."""
        found, self.count = self.count, 0
        self.told.clear()
        return found


def labelled(row: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the names of labels in a row, and to which types."""
    names = {label.lower().replace(" ", "_") for label in LABELS.values()}
    return {
        (other, entry["type"])
        for other, group in row.get("associations", {}).items()
        for entry in group["results"]
        if entry["type"] in names
    }


def all_of_it(labels: Labelled, *, fits: bool) -> dict[str, int]:
    """Return the fewest calls for the sandbox, which has labels of links."""
    return {**least_of(live_sizes(), fits=fits), "links": labels.take()}


def test_connecting_asks_for_the_token_its_person_and_the_portal(
    connection: Connection, sandbox: Any
) -> None:
    assert spent(sandbox) == {"token": 1, "introspection": 1, "account": 1}


@pytest.mark.parametrize(("properties", "fits"), [(100, True), (300, False)])
def test_each_phase_asks_no_more_than_it_must(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    properties: int,
    fits: bool,
) -> None:
    sandbox.client.switch("properties", properties)
    labels = Labelled(sandbox)
    monkeypatch.setattr(sandbox, "send", labels)

    def phase(minutes: int, *, changes: int = 0, **options: Any) -> Counter[str]:
        calls, at = len(sandbox.log), timezone.now() + timedelta(minutes=minutes)
        with time_machine.travel(at):
            if changes:
                touch(sandbox, count=changes, property="city", value="Bergen")
            assert finish_sync(connection, **options).outcome == "complete"
        return spent(sandbox, calls)

    first = phase(0)
    assert first == all_of_it(labels, fits=fits)
    assert first["links"] > 1

    nothing_new = phase(20)
    # No list tells what was erased for good, so 200 ids of each type are asked for.
    sizes = live_sizes()
    probes, links = probes_of(sizes), pass_over_links(sizes)
    assert nothing_new == {"search": 3, "links": links, "batch": probes}

    settings.LATE_ARRIVAL_MINUTES = 15
    assert phase(20) == Counter(nothing_new) + Counter(LATE)

    one_in_a_hundred = phase(21, changes=4)
    assert one_in_a_hundred == {"search": 3, "batch": 1 + probes, "links": 1 + links}
    assert_equal_to(sandbox)

    labels.take()
    assert phase(22, full=True) == all_of_it(labels, fits=fits)


def test_the_readmes_example_has_these_figures() -> None:
    sizes = {"contacts": 20_000, "companies": 2_000, "deals": 5_000}
    changed = [size // 100 for size in sizes.values()]
    contacts, _, deals = (pages(each, 200) for each in changed)
    everything = sum(least_of(sizes, fits=True).values())
    nothing = 3 + probes_of(sizes) + pass_over_links(sizes)
    some = sum(pages(each, 200) + pages(each) for each in changed)
    least = {
        "connect": 3,
        "first load": everything,
        "nothing changed": nothing,
        "1 % changed": nothing - 3 + some + contacts + 2 * deals,
        "full refresh": everything,
        "a pass over links": pass_over_links(sizes),
    }

    told = {
        phase: cells for phase, cells in read_figures("hubspot").items() if cells[0]
    }

    assert told == {phase: [[each], [each]] for phase, each in least.items()}


def test_the_readme_says_what_late_arrivals_cost() -> None:
    text = (FOLDER / "hubspot" / "README.md").read_text(encoding="utf-8")

    told = re.findall(r"Once in `LATE_ARRIVAL_MINUTES`.*: (\d+) calls more", text)

    assert told == [str(sum(LATE.values()))]


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

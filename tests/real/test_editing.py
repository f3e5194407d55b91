"""Contacts are created once, whatever happens to the worker that sends them."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.real.fixtures import MakeStack
from tests.real.person import Person
from tests.real.processes import wait_until
from tests.real.stack import Stack

pytestmark = pytest.mark.real

# A dead worker's edit is taken over after the longest call, and a little more.
IMPATIENT = {
    "SWEEP_INTERVAL": "2",
    "HTTP_TOTAL_TIMEOUT": "4",
    "HTTP_READ_TIMEOUT": "3",
    "TOKEN_TIMEOUT": "4",
}
SENDING = "select 1 from integrations_edit where state = 'sending'"
COLLECTION = "select id from integrations_collection where remote_id = 'contacts'"
IMPORTS = "select id from integrations_import where state = ?"
OUTCOMES = "select state, count(*) from integrations_importrow group by state"
SAVED = "select remote_id from integrations_edit where state = 'saved'"


def switch_editing_on(person: Person, connection: str) -> None:
    """Switch editing on, and give the consent that it asks for."""
    asked = person.submit(connection, f"{connection}editing/")
    answer = person.submit(asked.url, "/authorize", follow=False)
    person.get(person.consent(answer.headers["Location"]))


def create(stack: Stack, person: Person, address: str) -> None:
    [(key,)] = stack.rows(COLLECTION)
    page = f"/collections/{UUID(key)}/new/"
    done = person.submit(page, page, **{"p.email": address})
    assert "/edits/" in done.url


def count_there(stack: Stack, person: Person, address: str) -> int:
    found = stack.rows(
        "select count(*) from integrations_item where deleted_at is null and"
        " type = 'contact' and name = ?",
        address,
    )
    return int(found[0][0])


def count_live(stack: Stack) -> int:
    """Return how many contacts the portal has."""
    found = stack.ask_sandbox("inventory", provider="hubspot", portal="555111")
    return int(found["types"]["contacts"]["live"])


@pytest.fixture(scope="module")
def stack(make_any_stack: MakeStack) -> Iterator[Stack]:
    """Return everything running, with workers that die and are missed soon."""
    made = make_any_stack("sqlite", **IMPATIENT)
    made.join_workers("worker-refresh", "worker-sync")
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def alice(stack: Stack) -> Person:
    """Return somebody who has editing switched on."""
    person = stack.person("alice@example.com")
    connection = person.connect("hubspot")
    wait_until(lambda: stack.rows(COLLECTION), "contacts are known", seconds=60)
    switch_editing_on(person, connection)
    return person


def test_a_worker_killed_between_send_and_answer_creates_nothing_twice(
    stack: Stack, alice: Person
) -> None:
    before = count_live(stack)
    # It is done there, and the answer is on its way when the worker dies.
    slow = {"provider": "hubspot", "kind": "slow", "family": "write", "seconds": 3}
    stack.sandbox("faults/add", **slow)
    create(stack, alice, "once@example.com")
    wait_until(lambda: stack.rows(SENDING), "the edit is being sent", seconds=60)

    stack.kill("worker-interactive")
    stack.sandbox("calm")
    stack.start("worker-interactive")

    wait_until(lambda: stack.rows(SAVED), "the edit is saved", seconds=90)
    assert count_live(stack) - before == 1
    assert count_there(stack, alice, "once@example.com") == 1


def test_an_import_goes_on_after_limits_lost_answers_and_a_killed_worker(
    stack: Stack, alice: Person
) -> None:
    [(key,)] = stack.rows(COLLECTION)
    before = count_live(stack)
    lines = ["Email,City", *(f"row-{number}@example.com,Oslo" for number in range(40))]
    start = alice.get(f"/collections/{UUID(key)}/import/")
    uploaded = alice.upload(start.url, "file", "a.csv", "\n".join(lines))
    chosen = {"field-0": "email", "field-1": "city", "action": "check"}
    alice.submit(uploaded.url, "/columns/", **chosen)
    wait_until(lambda: stack.rows(IMPORTS, "checked"), "it is checked", seconds=60)
    [(source,)] = stack.rows(IMPORTS, "checked")
    page = f"/imports/{UUID(source)}/"
    for fault in ({"kind": "lost"}, {"kind": "status", "status": 429}):
        family = {"provider": "hubspot", "family": "write", "count": 1}
        stack.sandbox("faults/add", **family, **fault)
    alice.submit(page, "/confirm/")
    wait_until(lambda: count_live(stack) > before + 5, "it has begun", seconds=60)

    stack.kill("worker")
    stack.start("worker")

    wait_until(lambda: stack.rows(IMPORTS, "done"), "it is done", seconds=120)
    assert count_live(stack) - before == 40
    assert stack.rows(OUTCOMES) == [("created", 40)]

"""A contact is created once, whatever happens to the worker that sends it."""

from urllib.parse import urlsplit
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
READ = (
    "select 1 from integrations_collection where remote_id = 'contacts'"
    " and first_full_refresh_at is not null"
)
UNSAVED = "select 1 from integrations_edit where state <> 'saved'"
MANY = (
    "select count(*), count(distinct change_id) from integrations_edit"
    " where bulk_edit_id is not null"
)
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


def edit_many(stack: Stack, person: Person, city: str) -> None:
    """Choose all rows of the contacts and one city for them; confirm the preview."""
    [(key,)] = stack.rows(COLLECTION)
    table = f"/collections/{UUID(key)}/"
    sent = person.submit(table, f"{table}rows/", to=f"{table}bulk-edit/", rows="all")
    chosen = urlsplit(sent.url).path
    person.submit(f"{chosen}?field=city", chosen, **{"p.city": city})
    person.submit(chosen, f"{chosen}confirm/")


def start_import(stack: Stack, person: Person, *addresses: str) -> None:
    """Upload a file of new contacts, match its columns, and confirm the check."""
    [(key,)] = stack.rows(COLLECTION)
    text = "\n".join(["Email,City", *(f"{address},Oslo" for address in addresses)])
    start = f"/collections/{UUID(key)}/import/"
    columns = person.upload(start, "file", "people.csv", text).url
    chosen = {"field-0": "email", "field-1": "city", "action": "check"}
    person.submit(columns, "/columns/", **chosen)
    [source] = stack.wait_for_row(IMPORTS, "checked")
    page = f"/imports/{UUID(source)}/"
    person.submit(page, f"{page}confirm/")


def count_live(stack: Stack) -> int:
    """Return how many contacts the portal has."""
    found = stack.ask_sandbox("inventory", provider="hubspot", portal="555111")
    return int(found["types"]["contacts"]["live"])


def test_a_worker_killed_between_send_and_answer_creates_nothing_twice(
    make_stack: MakeStack,
) -> None:
    stack = make_stack("sqlite", **IMPATIENT)
    stack.join_workers("worker-refresh", "worker-sync")
    stack.start()
    alice = stack.person("alice@example.com")
    connection = alice.connect("hubspot")
    wait_until(lambda: stack.rows(COLLECTION), "contacts are known", seconds=60)
    switch_editing_on(alice, connection)
    before = stack.ask_sandbox("inventory", provider="hubspot", portal="555111")
    # It is done there, and the answer is on its way when the worker dies.
    slow = {"provider": "hubspot", "kind": "slow", "family": "write", "seconds": 3}
    stack.sandbox("faults/add", **slow)
    create(stack, alice, "once@example.com")
    wait_until(lambda: stack.rows(SENDING), "the edit is being sent", seconds=60)

    stack.kill("worker-interactive")
    stack.sandbox("calm")
    stack.start("worker-interactive")

    wait_until(lambda: stack.rows(SAVED), "the edit is saved", seconds=90)
    after = stack.ask_sandbox("inventory", provider="hubspot", portal="555111")
    created = [found["types"]["contacts"]["live"] for found in (before, after)]
    assert created[1] - created[0] == 1
    assert count_there(stack, alice, "once@example.com") == 1

    # The same of many rows: those of the killed worker are read before they are sent.
    wait_until(lambda: stack.rows(READ), "the contacts are read", seconds=120)
    stack.sandbox("faults/add", **slow)
    edit_many(stack, alice, "Everywhere")
    wait_until(lambda: stack.rows(SENDING), "rows are being sent", seconds=60)
    stack.kill("worker")
    stack.sandbox("calm")
    stack.start("worker")

    wait_until(lambda: not stack.rows(UNSAVED), "all rows are saved", seconds=120)
    [(rows, changes)] = stack.rows(MANY)
    assert rows == changes > 100

    # The rows of a file, after a limit and a lost answer as well.
    before = count_live(stack)
    for fault in ({"kind": "lost"}, {"kind": "status", "status": 429}):
        family = {"provider": "hubspot", "family": "write", "count": 1}
        stack.sandbox("faults/add", **family, **fault)
    start_import(stack, alice, *(f"row-{number}@example.com" for number in range(30)))
    wait_until(lambda: count_live(stack) > before + 5, "it has begun", seconds=60)
    stack.kill("worker")
    stack.start("worker")

    wait_until(lambda: stack.rows(IMPORTS, "done"), "it is done", seconds=120)
    assert count_live(stack) - before == 30
    assert stack.rows(OUTCOMES) == [("created", 30)]

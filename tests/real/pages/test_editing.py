"""A contact is created once, whatever happens to the worker that sends it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.real.support.web_user import WebUser
from tests.support.provider_answers.seeds import SMALL

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


def hex_of(column: str) -> str:
    """Return SQL for an id that both databases write alike."""
    return f"replace(cast({column} as varchar(40)), '-', '')"


CONTACTS = f"{COLLECTION} and {hex_of('connection_id')} = ?"
READ_BY = f"{CONTACTS} and first_full_refresh_at is not null"
EDIT = f"select state, reason from integrations_edit where {hex_of('uuid')} = ?"
READ = (
    "select 1 from integrations_collection where remote_id = 'contacts'"
    " and first_full_refresh_at is not null"
)
UNSAVED = "select 1 from integrations_edit where state <> 'saved'"
MANY = (
    "select count(*), count(distinct change_id) from integrations_edit"
    " where bulk_edit_id is not null"
)
MANY_SAVED = (
    "select count(*) from integrations_edit where bulk_edit_id is not null"
    " and state = 'saved'"
)
IMPORTED = (
    "select count(distinct remote_id) from integrations_item where deleted_at is null"
    " and name like 'row-%@example.com'"
)
IMPORTS = "select id from integrations_import where state = ?"
OUTCOMES = "select state, count(*) from integrations_importrow group by state"
SAVED = "select remote_id from integrations_edit where state = 'saved'"


def switch_editing_on(user: WebUser, connection: str) -> None:
    """Switch editing on, and give the consent that it asks for."""
    asked = user.submit(connection, f"{connection}editing/")
    answer = user.submit(asked.url, "/authorize", follow=False)
    user.get(user.consent(answer.headers["Location"]))


def contacts_of(stack: Stack, connection: str) -> str:
    """Return the id of a connection's contacts, as its pages are addressed."""
    found = stack.rows(CONTACTS, UUID(connection.strip("/").split("/")[-1]).hex)
    [(key,)] = found
    return str(UUID(str(key)))


def create(stack: Stack, user: WebUser, connection: str, address: str) -> str:
    """Fill in the form of a new contact; return the id of the edit."""
    page = f"/collections/{contacts_of(stack, connection)}/new/"
    done = user.submit(page, page, **{"p.email": address})
    assert "/edits/" in done.url
    return UUID(urlsplit(done.url).path.strip("/").split("/")[-1]).hex


def count_there(stack: Stack, user: WebUser, address: str) -> int:
    found = stack.rows(
        "select count(*) from integrations_item where deleted_at is null and"
        " type = 'contact' and name = ?",
        address,
    )
    return int(found[0][0])


def edit_many(stack: Stack, user: WebUser, connection: str, city: str) -> str:
    """Choose all rows of the contacts and one city for them; return the bulk edit."""
    table = f"/collections/{contacts_of(stack, connection)}/"
    sent = user.submit(table, f"{table}rows/", to=f"{table}bulk-edit/", rows="all")
    chosen = urlsplit(sent.url).path
    user.submit(f"{chosen}?field=city", chosen, **{"p.city": city})
    user.submit(chosen, f"{chosen}confirm/")
    return UUID(chosen.strip("/").split("/")[-1]).hex


def start_import(stack: Stack, user: WebUser, connection: str, *addresses: str) -> None:
    """Upload a file of new contacts, match its columns, and confirm the check."""
    text = "\n".join(["Email,City", *(f"{address},Oslo" for address in addresses)])
    start = f"/collections/{contacts_of(stack, connection)}/import/"
    columns = user.upload(start, "file", "people.csv", text).url
    chosen = {"field-0": "email", "field-1": "city", "action": "check"}
    user.submit(columns, "/columns/", **chosen)
    [source] = stack.wait_for_row(IMPORTS, "checked", seconds=120)
    page = f"/imports/{UUID(str(source))}/"
    user.submit(page, f"{page}confirm/")


def count_live(stack: Stack) -> int:
    """Return how many contacts the portal has."""
    found = stack.ask_sandbox("inventory", provider="hubspot", portal="555111")
    return int(found["types"]["contacts"]["live"])


def fault(stack: Stack, kind: str, **values: int) -> None:
    """Let the next write go wrong."""
    told = {"provider": "hubspot", "family": "write", "count": 1, "kind": kind}
    stack.sandbox("faults/add", **told, **values)


def test_writes_outlive_a_lost_scope_an_error_after_the_commit_and_a_limit(
    stack: Stack,
) -> None:
    alice = stack.user("alice@example.com")
    connection = alice.connect("hubspot")
    key = UUID(connection.strip("/").split("/")[-1]).hex
    wait_until(lambda: stack.rows(READ_BY, key), "contacts are read", seconds=120)
    switch_editing_on(alice, connection)
    before = count_live(stack)

    # It is done there, and answered as an error.
    fault(stack, "late_status", status=502)
    edit = create(stack, alice, connection, "after-commit@example.com")
    wait_until(
        lambda: stack.rows(EDIT, edit) == [("saved", "")], "it is saved", seconds=90
    )
    assert count_live(stack) - before == 1

    # The scope is taken away, and given back by another consent.
    withdraw(stack, "crm.objects.contacts.write")
    edit = create(stack, alice, connection, "scope@example.com")
    held = [("waiting", "no_permission")]
    wait_until(lambda: stack.rows(EDIT, edit) == held, "it is held", seconds=90)
    withdraw(stack)
    asked = alice.submit(connection, "/authorize", follow=False)
    alice.get(alice.consent(asked.headers["Location"]))
    wait_until(
        lambda: stack.rows(EDIT, edit) == [("saved", "")], "it is saved", seconds=90
    )
    assert count_live(stack) - before == 2

    # A limit in the middle of many.
    fault(stack, "status", status=429)
    bulk = edit_many(stack, alice, connection, "Limited")
    done = "select count(*) from integrations_edit e join integrations_bulkedit b"
    done = f"{done} on b.id = e.bulk_edit_id where {hex_of('b.uuid')} = ?"
    [(total,)] = stack.rows(done, bulk)
    saved = f"{done} and e.state = 'saved'"
    wait_until(
        lambda: stack.rows(saved, bulk) == [(total,)], "all are saved", seconds=120
    )
    assert total > 100
    [(attempts,)] = stack.rows(done.replace("count(*)", "max(e.attempts)"), bulk)
    assert attempts > 1


def withdraw(stack: Stack, *scopes: str) -> None:
    """Let the provider refuse some scopes to everybody."""
    told = {"provider": "hubspot", "name": "withdrawn_scopes"}
    stack.sandbox("switches/set", **told, value=list(scopes))


def test_a_worker_killed_between_send_and_answer_creates_nothing_twice(
    make_stack: MakeStack,
) -> None:
    stack = make_stack("sqlite", **IMPATIENT)
    stack.join_workers("worker-refresh", "worker-sync")
    stack.start()
    alice = stack.user("alice@example.com")
    connection = alice.connect("hubspot")
    wait_until(lambda: stack.rows(COLLECTION), "contacts are known", seconds=120)
    switch_editing_on(alice, connection)
    before = stack.ask_sandbox("inventory", provider="hubspot", portal="555111")
    # It is done there, and the answer is on its way when the worker dies.
    slow = {"provider": "hubspot", "kind": "slow", "family": "write", "seconds": 3}
    stack.sandbox("faults/add", **slow)
    create(stack, alice, connection, "once@example.com")
    wait_until(lambda: stack.rows(SENDING), "the edit is being sent", seconds=120)

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
    edit_many(stack, alice, connection, "Everywhere")
    wait_until(lambda: stack.rows(SENDING), "rows are being sent", seconds=120)
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
    rows = [f"row-{number}@example.com" for number in range(30)]
    start_import(stack, alice, connection, *rows)
    wait_until(lambda: count_live(stack) > before + 5, "it has begun", seconds=120)
    stack.kill("worker")
    stack.start("worker")

    wait_until(lambda: stack.rows(IMPORTS, "done"), "it is done", seconds=120)
    assert count_live(stack) - before == 30
    assert stack.rows(OUTCOMES) == [("created", 30)]


def kill_before_the_answer(stack: Stack) -> None:
    """Kill the worker while an answer is on its way to what is done already."""
    slow = {"provider": "hubspot", "kind": "slow", "family": "write", "count": 1}
    stack.sandbox("faults/add", **slow, seconds=3)
    wait_until(
        lambda: not stack.ask_sandbox("state")["faults"], "a write is done", every=0.05
    )
    assert stack.rows(SENDING)
    stack.kill("worker")


def number(stack: Stack, sql: str) -> int:
    return int(stack.rows(sql)[0][0])


def writes_there(stack: Stack, value: str) -> list[tuple[int, int]]:
    """Return how often the portal has taken a city, and for how many contacts."""
    path = Path(stack.values["VAR_DIR"]) / "sandbox.sqlite3"
    sql = "select count(*), count(distinct record) from hubspot_history"
    with closing(sqlite3.connect(path)) as storage:
        told = storage.execute(f"{sql} where name = 'city' and value = ?", [value])
        return [tuple(row) for row in told]


def test_hundreds_of_rows_come_through_a_killed_worker_each_with_one_outcome(
    make_stack: MakeStack,
) -> None:
    sizes = {**SMALL, "contacts": 700}
    patience = {**IMPATIENT, "STALE_RUN_SECONDS": "5"}
    stack = make_stack("sqlite", sizes=sizes, **patience)
    stack.join_workers("worker-refresh", "worker-sync")
    stack.start()
    limits = {"provider": "hubspot", "name": "calls_per_ten_seconds", "value": 5_000}
    stack.sandbox("switches/set", **limits)
    alice = stack.user("alice@example.com")
    connection = alice.connect("hubspot")
    wait_until(lambda: stack.rows(READ), "the contacts are read", seconds=120)
    switch_editing_on(alice, connection)

    # One value for all.
    edit_many(stack, alice, connection, "Everywhere")
    wait_until(lambda: number(stack, MANY_SAVED) > 300, "it has begun", seconds=120)
    kill_before_the_answer(stack)
    saved = number(stack, MANY_SAVED)
    stack.start("worker")
    wait_until(lambda: number(stack, MANY_SAVED) > saved, "it goes on", seconds=60)
    wait_until(lambda: not stack.rows(UNSAVED), "all rows are saved", seconds=120)
    rows, changes = stack.rows(MANY)[0]
    assert rows == changes == 700 == count_live(stack)
    assert writes_there(stack, "Everywhere") == [(700, 700)]

    # A file of new ones.
    addresses = [f"row-{each}@example.com" for each in range(1_500)]
    start_import(stack, alice, connection, *addresses)
    wait_until(lambda: count_live(stack) > 1_000, "it has begun", seconds=120)
    kill_before_the_answer(stack)
    live = count_live(stack)
    stack.start("worker")
    wait_until(lambda: count_live(stack) > live, "it goes on", seconds=60)
    wait_until(lambda: stack.rows(IMPORTS, "done"), "it is done", seconds=180)
    assert stack.rows(OUTCOMES) == [("created", 1_500)]
    assert count_live(stack) == 2_200
    assert number(stack, IMPORTED) == 1_500

"""Lists come from a real streaming replica while it is near, else from the primary."""

import json
from collections.abc import Iterator
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest

from integrations.services.upkeep.schedule import TICKS
from tests.real.support.fixtures import MakeStack
from tests.real.support.postgres import Postgres, Replica
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.real.support.web_user import WebUser

pytestmark = [pytest.mark.real, pytest.mark.parametrize("database", ["postgres"])]
FILL = """
from django.contrib.auth.models import User
from tests.support.rows import make_collection, make_connection, make_item
owner = User.objects.get(email="alice@example.com")
make_item(make_collection(make_connection(owner)), name="Lighter")
"""
TICK = (
    "insert into integrations_heartbeat (name, at)"
    f" select 'scheduler.' || unnest(array{list(TICKS)}), now()"
    " on conflict (name) do update set at = now() returning name"
)
RENAME = "update integrations_item set name = ? returning id"
FORGET = "delete from integrations_item_search returning item_id"
WROTE = "wrote"


@pytest.fixture
def replica(postgres: Postgres) -> Iterator[Replica]:
    made = Replica(postgres)
    yield made
    made.close()


@pytest.fixture
def stack(make_stack: MakeStack, replica: Replica, database: str) -> Stack:
    made = make_stack(database, REPLICA_LAG_SECONDS="8")
    name = urlsplit(made.database_url).path.strip("/")
    made.plan.environment["REPLICA_DATABASE_URL"] = replica.url(name)
    return made


@pytest.fixture
def reader(stack: Stack) -> Iterator[WebUser]:
    """Return somebody with an item who has changed nothing for a while."""
    stack.start("valkey", "web")
    stop = Event()
    ticking = Thread(target=tick, args=(stack, stop))
    ticking.start()
    alice = stack.user("alice@example.com")
    stack.manage("shell", "--no-imports", "-c", FILL)
    del alice.session.cookies[WROTE]
    yield alice
    stop.set()
    ticking.join()


def tick(stack: Stack, stop: Event) -> None:
    """Tick as the scheduler's workers do."""
    while not stop.wait(1):
        stack.rows(TICK)


def lists(reader: WebUser, name: str, search: str = "") -> bool:
    answer = reader.get(f"/items/?q={search}")
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() < 5
    return name in answer.text


def replica_check(stack: Stack) -> str:
    said = json.loads(stack.manage("doctor", "--json", "replica", check=False).stdout)
    [state] = [c["state"] for c in said["checks"] if c["id"] == "replica"]
    return str(state)


def test_lists_are_read_from_a_replica_that_is_near_and_from_nowhere_stale(
    reader: WebUser, stack: Stack, replica: Replica
) -> None:
    wait_until(lambda: replica_check(stack) == "passed", "the replica is near")
    wait_until(lambda: lists(reader, "Lighter"), "the item is listed")
    replica.execute("select pg_wal_replay_pause()")
    stack.rows(RENAME, "Barge")
    stack.rows(FORGET)
    assert lists(reader, "Lighter"), "the replica is still near"
    assert lists(reader, "Lighter", "lighter"), "and so is its index"
    reader.session.cookies[WROTE] = "1"
    assert lists(reader, "Barge"), "whoever wrote reads what they wrote"
    del reader.session.cookies[WROTE]
    wait_until(lambda: lists(reader, "Barge"), "it is too far behind", every=0.5)
    assert replica_check(stack) == "failed"

    replica.execute("select pg_wal_replay_resume()")
    replica.stop()
    stack.rows(RENAME, "Clipper")
    assert lists(reader, "Clipper")
    assert replica_check(stack) == "failed"

    replica.start()
    wait_until(lambda: replica_check(stack) == "passed", "it is back")
    reader.submit("/accounts/email/", "/accounts/email/", action_send="")
    assert reader.session.cookies[WROTE] == "1"

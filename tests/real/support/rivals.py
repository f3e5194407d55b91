"""Work in threads of one process on what others work on too, at the same time.

Run by ``manage.py shell`` of a stack. What it took is printed, one run to a line.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from integrations.http.client import ApiClient
from integrations.http.errors import Server
from integrations.models import Collection, Connection, Edit, PropertyIndex, SyncRun
from integrations.models.reasons import Reason, ReasonCode
from integrations.providers.records import IntegrationItem, RemoteCollection
from integrations.services.common.clock import database_now
from integrations.services.common.errors import LeaseLostError
from integrations.services.connections import disconnect, quota, selection
from integrations.services.items.storage import store
from integrations.services.items.tables.columns.columns import Family
from integrations.services.sync import failures, runs
from integrations.services.sync.collections import discovery
from integrations.services.sync.deletions import held_deletions
from integrations.services.sync.leases import lease, turns
from integrations.services.sync.refresh import link_refresh
from integrations.services.sync.refresh.context import context_of
from integrations.services.writing.delivering import storing
from tests.support.rows import (
    make_collection,
    make_connection,
    make_items,
    make_run,
)

USERS, CONNECTIONS, THREADS = 5, 30, 4
TABLES, ROUNDS = 4, 10
Work = Callable[[Collection, int], object]


def fill() -> None:
    """Make users with connections, each with a run that is due."""
    for number in range(USERS):
        user = User.objects.create_user(f"rival-{number}")
        for _ in range(CONNECTIONS):
            make_run(make_connection(user))


def compete() -> None:
    """Work on runs until none is due, and disconnect every third connection."""
    threads = [_thread(_finish) for _ in range(THREADS)]
    threads.append(_thread(_disconnect))
    for thread in threads:
        thread.join()


def _thread(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            database.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _finish() -> None:
    while taken := turns.take("sync", uuid4(), now=database_now()):
        run, lease_id = taken
        print(f"took {run.pk}", flush=True)  # noqa: T201
        runs.finish(run, SyncRun.Outcome.COMPLETE, lease_id=lease_id)


def _disconnect() -> None:
    for connection in Connection.objects.order_by("pk")[::3]:
        disconnect.end_grant(connection, actor=None, keep_items=True)


def store_tables() -> None:
    """Store, hold, choose, edit and list collections of which one links the others.

    Whoever waits for somebody who waits for them is told so by PostgreSQL, in an
    error that ends this.
    """
    user = User.objects.create_user("tables")
    connection = make_connection(user)
    tables = [
        make_collection(connection, remote_id=f"t{number}", position=number)
        for number in range(TABLES)
    ]
    for table in tables:
        make_items(table, [{"name": f"Row {number}"} for number in range(20)])
    family = Family.RELATION
    PropertyIndex.objects.create(collection=tables[0], name="links", family=family)
    writes = (_store_page, _store_held, _archive)
    works = (*writes, _choose, _set_plan, _list, _fail, _read_links)
    failed = at_once([partial(_whichever_time, work) for work in works], tables)
    print("failed:", len(failed), failed[:1])  # noqa: T201


def _whichever_time(
    work: Callable[[Collection], object], table: Collection, _number: int
) -> None:
    work(table)


def at_once(works: Sequence[Work], tables: Sequence[Collection]) -> list[Exception]:
    """Do each work on each table in a thread of its own, some times in a row.

    Each is told how often it was done before. Return what ended any of them.
    """
    failed: list[Exception] = []
    threads = [
        _thread(partial(_repeat, work, table, failed))
        for work in works
        for table in tables
    ]
    for thread in threads:
        thread.join()
    return failed


def _repeat(work: Work, table: Collection, failed: list[Exception]) -> None:
    for number in range(ROUNDS):
        try:
            work(table, number)
        except Exception as exc:  # noqa: BLE001 (the test shows it)
            failed.append(exc)
            return


@transaction.atomic
def _store_page(table: Collection) -> None:
    item = IntegrationItem(id="new", type=table.item_type, name=f"Row {uuid4()}")
    store.store_page(table, [item], run_id=None, now=timezone.now())


@transaction.atomic
def _store_held(table: Collection) -> None:
    held_deletions.lock(table)
    _store_page(table)


@transaction.atomic
def _archive(table: Collection) -> None:
    if item := table.items.live().order_by("-pk").first():
        storing.archive_items([Edit(collection=table, item=item)], now=timezone.now())


def _choose(table: Collection) -> None:
    connection = _connection_of(table)
    own = [each.pk for each in connection.collections.all()]
    for chosen in (own, [each for each in own if each != table.pk]):
        selection.select_collections(connection, chosen, offered=own, actor=None)


def _connection_of(table: Collection) -> Connection:
    """Return it as if it was paused, so that nobody is asked to sync it."""
    connection = Connection.objects.get(pk=table.connection_id)
    connection.state = Connection.State.PAUSED
    return connection


def _set_plan(table: Collection) -> None:
    connection = _connection_of(table)
    connection.plan = "another"
    quota.set_plan(connection, None)


def _list(table: Collection) -> None:
    """List all but one."""
    if held := _take(table):
        others = held.connection.collections.exclude(pk=table.pk).order_by("-position")
        found = [
            RemoteCollection(
                remote_id=each.remote_id, name=each.name, item_type=each.item_type
            )
            for each in others
        ]
        with suppress(LeaseLostError):
            discovery.store_listed(held, found)


def _fail(table: Collection) -> None:
    """Fail to read one, and end the run."""
    if held := _take(table):
        with suppress(LeaseLostError):
            failures.mark_failed(held, table, Server("away"))
        down = Reason(code=ReasonCode.PROVIDER_DOWN)
        runs.finish(held.run, SyncRun.Outcome.FAILED, down)


def _read_links(table: Collection) -> None:
    """Compare the links of one with a provider that has the same."""
    if held := _take(table):
        same = SimpleNamespace(
            links_per_call=100,
            link_properties=lambda _context: ("links",),
            fetch_relinked=lambda *_asked: (),
        )
        reader = cast("link_refresh.LinkReader", same)
        current = Collection.objects.select_related("connection").get(pk=table.pk)
        with suppress(LeaseLostError):
            link_refresh.step(held, reader, current, context_of(current))


def _take(table: Collection) -> lease.RunLease | None:
    """Take the full sync that is open, whoever else is on it, or begin one."""
    connection = _connection_of(table)
    run, _ = runs.open_run(connection, trigger=SyncRun.Trigger.USER, full=True)
    SyncRun.objects.filter(pk=run.pk).update(lease_id=None, lease_until=None)
    claimed = lease.claim(run.pk, now=database_now())
    if claimed is None:
        return None
    api = cast("ApiClient", SimpleNamespace(calls=0, waited=0.0))
    return lease.RunLease(run=claimed[0], lease_id=claimed[1], api=api, stop_at=0.0)

"""Columns that change are known with the next sync, and asked for no more than once."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from integrations.models import Connection
from integrations.providers import CONNECTORS
from integrations.services.connections.selection import select_collections
from tests.providers.contract.case import Case
from tests.services.sync.invented.test_invented_accounts import (
    STRUCTURE,
    InventedAccount,
    age,
    begin,
    check_open,
    structures,
    sync_all,
    tables,
)
from tests.services.sync.invented.test_invented_syncs import is_told
from tests.support.provider_answers.accounts import Account
from tests.support.provider_answers.invented import examples, leave_out_simplest
from tests.support.provider_answers.tables import CELLS, Table

# How a step's sync reads, and what a search tells then of the columns of the first
# table, which have changed: all, or what was before. In the end the last table is gone,
# which a search shows for a while, no more, and once more.
STEPS = (
    *(("soon", "told"), ("soon", "renamed"), ("soon", "late"), ("soon", "told")),
    *(("full", "late"), ("soon", "told"), ("soon", "gone"), ("full", "gone")),
    *(("full", "forgotten"), ("soon", "gone")),
)
# HubSpot tells of no column by itself: every late arrival asks.
LATE = {"airtable": 30, "hubspot": 0, "notion": 30}


def begin_with_tables(
    owner: User, invented: InventedAccount, data: st.DataObject
) -> Connection:
    """Read some tables that were edited before any time that a sync asks from."""
    for _ in range(3 if invented.slug == "hubspot" else 2):
        data.draw(tables(invented))
    age(invented)
    connection = begin(owner, invented)
    sync_all(connection, full=True)
    return connection


def leave_out_structure(connection: Connection, owner: User) -> None:
    """Leave out the collection whose syncs tell the columns of all others."""
    some = {connection.collections.get(remote_id=STRUCTURE[connection.provider]).pk}
    select_collections(connection, set(), offered=some, actor=owner)


@st.composite
def columns_changed(draw: st.DrawFn, invented: InventedAccount, told: str) -> None:
    """Change the columns of the first table, unless a search is yet to tell them."""
    account = invented.account
    first, *_, last = account.tables.values()
    if told in {"gone", "forgotten"}:
        last.end = "" if invented.slug == "hubspot" else "gone"
        # A search that is late tells what was new before the end, too.
        last.name = f"Table {next(invented.numbers)}"
        shown = {last.id: last.describe()} if told == "gone" else {}
        account.indexed = shown
    elif told == "renamed":
        for column in first.columns.values():
            column.name = f"N{next(invented.numbers)}"
    elif account.indexed.pop(first.id, None) is None or told == "late":
        former = first.describe()
        draw(structures(invented, first))
        if told == "late":
            account.indexed[first.id] = former


def listed(connection: Connection) -> set[str]:
    return {each.remote_id for each in connection.collections.all() if each.is_listed}


def is_lost_where_gone(account: Account, connection: Connection) -> bool:
    ended = {key for key, table in account.tables.items() if table.end}
    return ended.isdisjoint(listed(connection))


def sync_and_check(
    invented: InventedAccount, connection: Connection, kind: str
) -> None:
    """Sync; what is lost is so, and what a search tells as it is is known."""
    before = listed(connection)
    invented.account.asked.clear()
    sync_all(connection, full=kind == "full")
    if kind == "full":
        invented.lagging.clear()
    invented.changed.clear()
    assert kind == "full" or listed(connection) <= before
    for key, table in invented.account.tables.items():
        is_asked = any(key in each for each in invented.account.asked)
        assert kind == "full" or key in before or not is_asked
        if not table.end and (kind == "full" or key not in invented.account.indexed):
            check_columns(invented, connection, table, kind)


def check_columns(
    invented: InventedAccount, connection: Connection, table: Table, kind: str
) -> None:
    """Hold names and values of a table's columns against what is stored."""
    collection = connection.collections.get(remote_id=table.id)
    known = {each["name"]: each["label"] for each in collection.schema["fields"]}
    told = {each.id: each.name for each in table.columns.values()}
    assert told.items() <= known.items()
    assert not is_told(collection) or invented.lagging.get(table.id)
    check_open(invented, table, collection, kind)


@pytest.mark.usefixtures("without_logs")
@pytest.mark.parametrize(
    ("slug", "reads_structure"),
    [*((slug, True) for slug in sorted(CELLS)), ("notion", False)],
)
@given(data=st.data())
@examples(1)
def test_columns_that_change_are_known_and_asked_for_once(
    alice: User,
    account: Account,
    settings: Any,
    slug: str,
    reads_structure: bool,
    data: st.DataObject,
) -> None:
    leave_out_simplest(data)
    account.case, account.tables, account.holders = Case(CONNECTORS[slug]), {}, {}
    account.indexed = {}
    invented = InventedAccount(account=account, numbers=iter(range(1000, 9999)))
    settings.LATE_ARRIVAL_MINUTES = LATE[slug]
    connection = begin_with_tables(alice, invented, data)
    if not reads_structure:
        leave_out_structure(connection, alice)

    for kind, told in STEPS:
        data.draw(columns_changed(invented, told))
        sync_and_check(invented, connection, kind)
        asked = []
        for _ in range(2 if slug == "notion" else 1):
            sync_and_check(invented, connection, "soon")
            calls = [f"GET /v1/data_sources/{key}" for key in account.tables]
            asked.append(sum(map(account.asked.count, calls)))
        # Once more where a search tells others than were read with everything, or
        # where a table is gone.
        assert asked[0] <= (kind == "full" or told == "gone")
        assert asked[1:] in ([], [0])
        assert told != "forgotten" or is_lost_where_gone(account, connection)

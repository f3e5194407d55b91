"""Whatever becomes of tables, columns and records between syncs, the copy follows."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from integrations.models import Collection, Connection
from integrations.models.reasons import ReasonCode
from integrations.providers import CONNECTORS
from integrations.services.connections.selection import select_collections
from tests.providers.contract.case import Case
from tests.services.sync.invented.test_invented_syncs import (
    is_told,
    live,
    sync_connection,
)
from tests.support.provider_answers.accounts import Account
from tests.support.provider_answers.cells import airtable, hubspot, notion
from tests.support.provider_answers.cells.common import TEXTS, Column
from tests.support.provider_answers.changing import MADE, Record
from tests.support.provider_answers.invented import examples, leave_out_simplest
from tests.support.provider_answers.shown import IDS, check_shown
from tests.support.provider_answers.tables import CELLS, Table
from tests.support.rows import make_collection, make_connection, make_grant

MOST_TABLES, MOST_RECORDS, STEPS = 3, 3, 3
WITH_OPTIONS = {
    "airtable": airtable.WITH_OPTIONS,
    "hubspot": ("enumeration/select", "enumeration/checkbox"),
    "notion": notion.WITH_OPTIONS,
}
# What these come to follows from a definition, without an edit of any record.
DEFINED = {
    "airtable": airtable.DEFINED,
    "hubspot": hubspot.DEFINED,
    "notion": notion.DEFINED,
}
STRUCTURES = (
    "redefine",
    "redefine",
    "add",
    "remove",
    "rename",
    "retype",
    "retype",
    "options",
    "options",
)
SYNCS = ("full", "late", "soon", "soon")
# What becomes of a table behind the first sync, and each of the others.
FATES = ("end", "any", "return", "last")
ENDS = ("listed", "gone")
NAMES = st.sampled_from(("Ada", "Ada", "Bo", "", "<b>"))
OBJECT_TYPES = ("contacts", "companies", "deals")
STRUCTURE = {"airtable": "structure", "notion": "databases"}
KEPT = "pages"


@dataclass(kw_only=True, repr=False)
class InventedAccount:
    """An account, whose tables were changed since their columns were last read."""

    account: Account
    numbers: Iterator[int]
    changed: set[str] = field(default_factory=set)
    # Columns of which rows may have former values until a full refresh, by the table.
    lagging: dict[str, set[str]] = field(default_factory=dict)
    probes: int = 0

    @property
    def slug(self) -> str:
        return self.account.case.slug

    def looks_for(self, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let an incremental sync look for so many stored items by their ids."""
        self.probes = most
        monkeypatch.setattr(type(self.account.case.connector), "most_probes", most)


@st.composite
def tables(draw: st.DrawFn, invented: InventedAccount) -> None:
    """Add a table, in a base or database of its own or beside another."""
    account, number = invented.account, next(invented.numbers)
    if invented.slug == "hubspot":
        remote_id, holder = OBJECT_TYPES[len(account.tables)], ""
    elif invented.slug == "airtable":
        holders = (*account.holders, f"appBBBBBBBBBB{number:04}")
        holder = draw(st.sampled_from(holders))
        remote_id = f"{holder}/tblBBBBBBBBBB{number:04}"
    else:
        own = f"b1000000-0000-4000-8000-{number:012}"
        holder = draw(st.sampled_from((*account.holders, own)))
        remote_id = f"d1000000-0000-4000-8000-{number:012}"
    account.holders.setdefault(holder, f"Base {number}")
    table = Table(case=account.case, id=remote_id, name=f"Table {number}")
    table.holder, table.edited = holder, timezone.now()
    account.tables[remote_id] = table
    slug = invented.slug
    for types in (sorted(CELLS[slug]), WITH_OPTIONS[slug], DEFINED[slug]):
        draw(columns(invented, table, types))
    for _ in range(draw(st.integers(1, MOST_RECORDS))):
        draw(records(invented, table))


@st.composite
def columns(
    draw: st.DrawFn, invented: InventedAccount, table: Table, types: Sequence[str]
) -> None:
    """Add a column of one of these types."""
    number = next(invented.numbers)
    key = IDS[invented.slug].format(number)
    table.columns[key] = Column(
        id=key,
        name=f"C{number}",
        type=draw(st.sampled_from(types)),
        options=draw(st.lists(TEXTS, unique=True, min_size=1, max_size=3)),
    )
    draw(filled(invented, table, key))


@st.composite
def filled(draw: st.DrawFn, invented: InventedAccount, table: Table, key: str) -> None:
    """Give a column another value in every record, or none."""
    column = table.columns[key]
    for record in table.records:
        cells = table.cells.setdefault(record, {})
        cells.pop(key, None)
        if "check" in column.kind or draw(st.integers(0, 3)):
            cells[key] = draw(CELLS[invented.slug][column.type](column))


@st.composite
def records(draw: st.DrawFn, invented: InventedAccount, table: Table) -> None:
    """Add a record with a value in each column."""
    remote_id = f"{table.case.rows[0]['id'][:-4]}{next(invented.numbers):04}"
    table.records[remote_id] = Record(
        id=remote_id, kept=draw(NAMES), edited=timezone.now()
    )
    table.cells[remote_id] = {
        key: draw(CELLS[invented.slug][column.type](column))
        for key, column in table.columns.items()
    }


@st.composite
def edits(draw: st.DrawFn, invented: InventedAccount, table: Table) -> None:
    """Edit, end and restore records, and add some."""
    now = timezone.now()
    for record in list(table.records.values()):
        way = draw(st.sampled_from(("keep", "keep", "edit", "listed", "gone", "back")))
        if way == "edit" and not record.end:
            record.kept, record.edited = draw(NAMES), now
            for key, column in table.columns.items():
                cell = draw(CELLS[invented.slug][column.type](column))
                table.cells[record.id][key] = cell
        if way in {"listed", "gone"} and not record.end:
            record.end, record.edited = way, now
        if way == "back" and record.end == "listed":
            record.end, record.edited = "", now
    for _ in range(draw(st.integers(0, 1))):
        draw(records(invented, table))


@st.composite
def structures(draw: st.DrawFn, invented: InventedAccount, table: Table) -> None:
    """Change a column; what other values follow from that may be no edit at all.

    Nor need it be an edit of the table, in what is searched by the time of edits.
    """
    invented.changed.add(table.id)
    former = forms(table)
    way = draw(st.sampled_from(STRUCTURES))
    is_edit = draw(st.booleans())
    if way == "add" or not table.columns:
        draw(columns(invented, table, sorted(CELLS[invented.slug])))
    elif way == "remove":
        del table.columns[draw(st.sampled_from(sorted(table.columns)))]
    elif way == "rename":
        key = draw(st.sampled_from(sorted(table.columns)))
        table.columns[key].name = f"N{next(invented.numbers)}"
    else:
        some = [key for key, each in table.columns.items() if has(invented, each, way)]
        key = draw(st.sampled_from(some or sorted(table.columns)))
        is_edit |= draw(retyped(invented, table.columns[key], way))
        draw(filled(invented, table, key))
    for record in table.records.values() if is_edit else ():
        record.edited = timezone.now()
    lagging = invented.lagging.setdefault(table.id, set())
    lagging.update(key for key, _ in former ^ forms(table))


def has(invented: InventedAccount, column: Column, way: str) -> bool:
    """Tell whether a column has what is changed in one way."""
    types = {"options": WITH_OPTIONS, "redefine": DEFINED}.get(way, {})
    return column.type in types.get(invented.slug, ())


def forms(table: Table) -> set[tuple[str, Any]]:
    """Return what the values of columns depend on, by the column: not its name."""
    return {
        (key, (column.type, column.definition, *column.options))
        for key, column in table.columns.items()
    }


@st.composite
def retyped(
    draw: st.DrawFn, invented: InventedAccount, column: Column, way: str
) -> bool:
    """Give a column another type, definition or options; tell if only edits do so.

    HubSpot keeps the texts of all values, whatever the type.
    """
    if way == "redefine" and not has(invented, column, way):
        return True
    if way == "redefine":
        column.definition = next(invented.numbers)
        return False
    before, told = column.options, st.lists(TEXTS, unique=True, min_size=1, max_size=3)
    column.options = draw(told)
    if way == "retype":
        types = sorted({*CELLS[invented.slug]} - {column.type})
        column.type = draw(st.sampled_from(types))
        return invented.slug == "hubspot"
    has_options = (
        column.type in WITH_OPTIONS[invented.slug] and invented.slug != "hubspot"
    )
    return not has_options or {*before} <= {*column.options}


@st.composite
def fates(draw: st.DrawFn, invented: InventedAccount, way: str) -> None:
    """Rename, take away and give back tables and what is around them."""
    account, now = invented.account, timezone.now()
    open_tables = list(account.open_tables.values())
    ended = [each for each in account.tables.values() if each.end]
    if way == "any":
        ways = ("end", "return", "rename", "rename holder", "add")
        way = draw(st.sampled_from(ways[:2] if invented.slug == "hubspot" else ways))
    if way == "add" and len(account.tables) < MOST_TABLES:
        draw(tables(invented))
    elif way == "return" and ended:
        table = draw(st.sampled_from(ended))
        table.end, table.edited = "", now
    elif way in {"end", "last"} and len(open_tables) > 1:
        draw(st.sampled_from(open_tables)).end = draw(st.sampled_from(ENDS))
    elif way == "rename" and open_tables:
        table = draw(st.sampled_from(open_tables))
        table.name, table.edited = f"Table {next(invented.numbers)}", now
    elif way == "rename holder" and open_tables:
        # In a search a database shows itself by its data sources.
        table = draw(st.sampled_from(open_tables))
        account.holders[table.holder] = f"Base {next(invented.numbers)}"
        table.edited = now


@st.composite
def choices(draw: st.DrawFn, connection: Connection, owner: User) -> None:
    """Let the user choose again what is left out, or else leave out one table."""
    offered = list(connection.collections.exclude(item_type__in=("table", "database")))
    offered = [each for each in offered if each.remote_id != KEPT]
    left_out = [each for each in offered if not each.is_selected]
    some = sorted(left_out or offered, key=lambda each: each.remote_id)
    one = draw(st.sampled_from(some))
    chosen = {each.pk for each in offered if each.is_selected} ^ {one.pk}
    select_collections(
        connection, chosen, offered={each.pk for each in offered}, actor=owner
    )


@st.composite
def changes(draw: st.DrawFn, invented: InventedAccount) -> None:
    """Change records and columns, of some tables both."""
    for table in invented.account.tables.values():
        if draw(st.booleans()):
            draw(structures(invented, table))
        if draw(st.booleans()):
            draw(edits(invented, table))


def age(invented: InventedAccount) -> None:
    """Be as if all had been edited so long ago that no sync for changes comes to it."""
    for table in invented.account.tables.values():
        for each in (table, *table.records.values()):
            each.edited = MADE


def begin(owner: User, invented: InventedAccount) -> Connection:
    """Connect an account of which nothing is known yet."""
    connection = make_connection(
        owner,
        provider=invented.slug,
        remote_id=f"{uuid4()}",
        account=invented.account.case.script["account"],
    )
    make_grant(connection)
    if invented.slug == "notion":
        make_collection(connection, remote_id=KEPT, item_type="page", is_selected=False)
    return connection


def check(invented: InventedAccount, connection: Connection, kind: str) -> None:
    """Hold every collection against its table: it is exact, or says that it is not."""
    found = {each.remote_id: each for each in connection.collections.all()}
    for key, table in invented.account.tables.items():
        collection = found.get(key)
        if collection is None:
            assert kind != "full" or table.end
            continue
        if not collection.is_selected:
            assert not live(collection)
        elif not table.end:
            check_open(invented, table, collection, kind)
        elif live(collection):
            assert is_told(collection) or kind != "full"
    if kind == "full" and invented.slug in STRUCTURE:
        check_structure(invented, connection)


def check_open(
    invented: InventedAccount, table: Table, collection: Collection, kind: str
) -> None:
    """Check a collection whose table is there: after a full refresh it is exact."""
    if kind == "full":
        assert not is_told(collection), (collection.reason, collection.pending_reason)
    but: AbstractSet[str] = frozenset()
    if collection.pending_reason == ReasonCode.FIELDS_CHANGED:
        # It speaks of the columns that were changed; all else is held to be right.
        but = invented.lagging.get(table.id, set())
        assert but
        collection.pending_reason = ""
    if is_told(collection):
        return
    stored = live(collection)
    may_stay = {key for key, each in table.records.items() if each.end}
    if kind == "full" or (
        invented.slug != "notion" and invented.probes > len(table.records)
    ):
        may_stay = set()
    assert stored.keys() - may_stay == table.living.keys()
    assert collection.stored_count == len(stored)
    if invented.slug != "hubspot":
        assert collection.name.endswith(table.name)
    # Of HubSpot's properties every other sync asks.
    if kind == "soon" and invented.slug == "hubspot" and table.id in invented.changed:
        return
    for record in table.living.values():
        assert not record.kept or stored[record.id].name == record.kept
    check_shown(table, collection, but=but)


def check_structure(invented: InventedAccount, connection: Connection) -> None:
    """Check that bases, tables, databases and data sources are items by their names."""
    account, slug = invented.account, invented.slug
    collection = connection.collections.get(remote_id=STRUCTURE[slug])
    assert not is_told(collection)
    wanted = dict(account.open_holders)
    for key, table in account.open_tables.items():
        wanted[key.rpartition("/")[2]] = table.name
    assert {key: each.name for key, each in live(collection).items()} == wanted


def check_settled(invented: InventedAccount, connection: Connection) -> None:
    """Check that two full refreshes in a row have found out all that has ended."""
    listed = {each.remote_id for each in connection.collections.all() if each.is_listed}
    if invented.slug == "hubspot":
        assert listed == set(invented.account.tables)
        return
    own = {STRUCTURE[invented.slug]} | ({KEPT} if invented.slug == "notion" else set())
    unread = connection.collections.filter(is_selected=False)
    left_out = {each.remote_id for each in unread} & listed
    assert listed - left_out == (invented.account.open_tables.keys() | own) - left_out
    for collection in connection.collections.all():
        if not collection.is_shown:
            assert not live(collection)


@pytest.mark.usefixtures("without_logs")
@pytest.mark.parametrize("slug", sorted(CELLS))
@given(data=st.data())
@examples(2)
def test_the_copy_follows_the_account(
    alice: User,
    account: Account,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    slug: str,
    data: st.DataObject,
) -> None:
    leave_out_simplest(data)
    account.case, account.tables, account.holders = Case(CONNECTORS[slug]), {}, {}
    invented = InventedAccount(account=account, numbers=iter(range(1000, 9999)))
    for _ in range(3 if slug == "hubspot" else 2):
        data.draw(tables(invented))
    age(invented)
    connection = begin(alice, invented)
    syncs = st.lists(st.sampled_from(SYNCS), min_size=STEPS, max_size=STEPS)
    kinds = zip(["full", *data.draw(syncs)], FATES, strict=True)
    invented.looks_for(data.draw(st.sampled_from((0, 2, 60))), monkeypatch)

    for kind, fate in kinds:
        settings.LATE_ARRIVAL_MINUTES = 0 if kind == "late" else 30
        sync_all(connection, full=kind == "full")
        if kind != "soon":
            invented.changed.clear()
        if kind == "full":
            invented.lagging.clear()
        check(invented, connection, kind)
        data.draw(changes(invented))
        data.draw(fates(invented, fate))
        if fate is not FATES[-1]:
            data.draw(choices(connection, alice))
    for _ in range(2):
        sync_all(connection, full=True)
        check(invented, connection, "full")
    check_settled(invented, connection)
    for table in account.tables.values():
        table.end, table.edited = "", timezone.now()
    sync_all(connection, full=True)
    check(invented, connection, "full")


def sync_all(connection: Connection, *, full: bool) -> None:
    """Sync a connection; nothing of it is a mistake of ours."""
    run = sync_connection(connection, full=full)
    assert run.outcome in {"complete", "partial", "failed"}, run.reason
    assert not connection.collections.filter(reason="connector_error").exists()

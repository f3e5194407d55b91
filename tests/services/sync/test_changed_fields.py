"""Fields that were changed at the provider are known, and what lags behind is said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.http.client import ApiClient
from integrations.http.errors import (
    DAILY_QUOTA,
    PROVIDER_PAUSED,
    ApiError,
    QuotaExhausted,
    RateLimited,
    Server,
    Transient,
)
from integrations.models import Collection
from integrations.models.reasons import ReasonCode
from integrations.providers import CONNECTORS
from integrations.providers.links import TARGET
from integrations.providers.records import (
    DEFINITIONS_KEY,
    FIELDS_KEY,
    LAGGING_KEY,
    FieldSpec,
    RemoteCollection,
)
from integrations.services.items.search import reindex
from integrations.services.sync import collection_loop, engine
from integrations.services.sync.collections import discovery
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import schemas
from integrations.services.sync.refresh.schemas import changed_fields
from tests.providers.contract.case import Case
from tests.services.sync.invented.test_invented_syncs import begin, sync
from tests.support.provider_answers.accounts import Account
from tests.support.provider_answers.cells import airtable, hubspot, notion
from tests.support.provider_answers.cells.common import Column
from tests.support.provider_answers.changing import Record
from tests.support.provider_answers.shown import IDS, check_shown
from tests.support.provider_answers.tables import CELLS, Table

SLUGS = pytest.mark.parametrize("slug", sorted(CELLS))
WORDS = {"airtable": "singleLineText", "hubspot": "string/text", "notion": "email"}
NUMBERS = {"airtable": "number", "hubspot": "number/number", "notion": "number"}
CHOICES = {"airtable": "singleSelect", "notion": "select"}


def make_table(owner: User, account: Account, slug: str, *kinds: str) -> Collection:
    """Return the collection of a table with one record and columns, read in full."""
    case = account.case = Case(CONNECTORS[slug])
    keys = [IDS[slug].format(1 + number) for number in range(len(kinds))]
    record = Record(id=case.rows[0]["id"], kept="A")
    table = Table(case=case, id=case.script["collection"]["remote_id"], name="Tasks")
    table.holder = "appAAAAAAAAAAAAA1" if slug == "airtable" else "b1"
    table.records = {record.id: record}
    table.columns = {
        key: Column(id=key, name=f"C{key}", type=kind, options=["a", "b"])
        for key, kind in zip(keys, kinds, strict=True)
    }
    if kinds[0] in CHOICES.values():
        value = "a" if slug == "airtable" else {"name": "a"}
        table.cells = {record.id: {keys[0]: (value, ("choice", "a"))}}
    account.tables, account.holders = {table.id: table}, {table.holder: "Projects"}
    collection = begin(owner, account)
    sync(account, collection, full=True)
    assert collection.pending_reason == ""
    return collection


def rename(column: Column) -> None:
    column.name = "Renamed"


def retype(column: Column) -> None:
    slug = "hubspot" if "/" in column.type else "airtable"
    column.type = NUMBERS[slug]


@SLUGS
@pytest.mark.parametrize(
    ("change", "note"), [(rename, ""), (retype, ReasonCode.FIELDS_CHANGED)]
)
def test_an_incremental_sync_knows_the_fields_and_says_what_may_lag(
    alice: User,
    account: Account,
    settings: Any,
    slug: str,
    change: Callable[[Column], None],
    note: str,
) -> None:
    collection = make_table(alice, account, slug, WORDS[slug])
    (table,) = account.tables.values()
    (column,) = table.columns.values()
    change(column)

    settings.LATE_ARRIVAL_MINUTES = 0
    sync(account, collection)

    fields = {each["name"]: each["label"] for each in collection.schema["fields"]}
    assert fields[column.id] == column.name
    assert collection.completeness == "complete"
    assert collection.pending_reason == note

    sync(account, collection)
    assert collection.pending_reason == note

    sync(account, collection, full=True)
    assert (collection.completeness, collection.pending_reason) == ("complete", "")
    check_shown(table, collection)


def test_a_note_of_more_is_not_hidden_by_changed_fields(
    alice: User, account: Account
) -> None:
    collection = make_table(alice, account, "airtable", WORDS["airtable"])
    Collection.objects.update(pending_reason=ReasonCode.VALUES_IN_PART)
    (table,) = account.tables.values()
    retype(*table.columns.values())

    for _ in range(2):
        sync(account, collection)
        assert collection.pending_reason == ReasonCode.VALUES_IN_PART
    assert collection.schema[LAGGING_KEY] == [*table.columns]

    sync(account, collection, full=True)
    assert LAGGING_KEY not in collection.schema


def test_a_tag_that_was_compared_is_not_asked_about_again(
    alice: User, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = make_table(alice, account, "notion", WORDS["notion"])
    collection.details = {**collection.details, "schema_tag": "of a late index"}
    told, asked = dict(collection.schema), list[Collection]()

    def fetch(_lease: object, collection: Collection, **_: bool) -> dict[str, Any]:
        asked.append(collection)
        return dict(told)

    monkeypatch.setattr(schemas, "fetch_schema", fetch)
    lease: Any = None
    for _ in range(2):
        assert not schemas.refresh_schema(lease, collection, timezone.now())
    assert asked == [collection]

    collection.details["schema_tag"] = "of the next change"
    schemas.refresh_schema(lease, collection, timezone.now())
    assert len(asked) == 2


def test_what_changed_does_not_wait_for_fields_that_cannot_be_told(
    alice: User, account: Account, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = make_table(alice, account, "hubspot", WORDS["hubspot"])
    settings.LATE_ARRIVAL_MINUTES = 0
    asked = list[str]()

    def refuse(_connector: object, _api: object, context: Any) -> None:
        asked.append(context.remote_id)
        raise Server("down", status=503)

    monkeypatch.setattr(type(CONNECTORS["hubspot"]), "fetch_schema", refuse)

    for _ in range(2):
        asked.clear()
        sync(account, collection)

        assert asked.count(collection.remote_id) == 1
        assert collection.completeness == "complete"
        assert collection.pending_reason == ReasonCode.EXTRAS_REFUSED


@pytest.mark.parametrize("misses", [0, 1])
def test_a_hit_that_is_left_aside_tells_columns_and_no_proof_of_its_collection(
    alice: User, account: Account, misses: int
) -> None:
    collection = make_table(alice, account, "notion", WORDS["notion"])
    seen = RemoteCollection(
        remote_id=collection.remote_id,
        name="Renamed",
        item_type=collection.item_type,
        details={**collection.details, "schema_tag": "new"},
    )
    other = replace(seen, remote_id="unknown")
    Collection.objects.filter(pk=collection.pk).update(misses=misses)

    changed = discovery.changed_ones(collection.connection, [seen, other])
    discovery.note_seen(collection.connection, changed)

    assert changed == [seen]
    collection.refresh_from_db()
    assert (collection.name, collection.misses) == ("Renamed", misses)
    assert collection.details["schema_tag"] == "new"
    assert discovery.changed_ones(collection.connection, [seen, other]) == []


def test_fields_in_another_order_are_the_same(alice: User, account: Account) -> None:
    collection = make_table(alice, account, "airtable", WORDS["airtable"])
    more = FIELD.to_json()
    collection.schema[FIELDS_KEY] = [*collection.schema[FIELDS_KEY], more]
    labels = reindex.note_labels(collection)

    collection.schema[FIELDS_KEY] = collection.schema[FIELDS_KEY][::-1]
    assert reindex.note_labels(collection) == labels
    more["label"] = "Other"
    assert reindex.note_labels(collection) != labels


FIELD = FieldSpec(name="f", label="F", kind="choice", hint="select", options={"a": "A"})


@pytest.mark.parametrize(
    ("changes", "is_other"),
    [
        ({}, False),
        ({"label": "G", "group": "More", "is_read_only": True}, False),
        ({"options": {"a": "B", "b": "B"}}, False),
        ({"is_hidden": True}, True),
        ({"name": "g"}, True),
        ({"kind": "text"}, True),
        ({"hint": "status"}, True),
        ({"options": {"b": "B"}}, True),
        ({"options": {"a": "A", TARGET: "elsewhere"}}, True),
    ],
)
def test_what_changes_the_values_of_what_nobody_edited(
    changes: dict[str, Any], is_other: bool
) -> None:
    before, after = schema_of(FIELD), schema_of(replace(FIELD, **changes))

    assert bool(changed_fields(before, after)) is is_other


def test_what_was_hidden_may_have_values_and_what_had_no_hint_is_the_same() -> None:
    now = schema_of(FIELD)

    assert changed_fields(schema_of(replace(FIELD, is_hidden=True)), now) == {"f"}
    assert not changed_fields(schema_of(replace(FIELD, hint="")), now)


def schema_of(field: FieldSpec) -> dict[str, Any]:
    return {FIELDS_KEY: [field.to_json()]}


@SLUGS
def test_a_field_that_came_or_went_is_said(
    alice: User, account: Account, settings: Any, slug: str
) -> None:
    collection = make_table(alice, account, slug, WORDS[slug])
    (table,) = account.tables.values()
    table.columns.clear()

    settings.LATE_ARRIVAL_MINUTES = 0
    sync(account, collection)

    assert collection.pending_reason == ReasonCode.FIELDS_CHANGED


@pytest.mark.parametrize("slug", sorted(CHOICES))
@pytest.mark.parametrize(
    ("options", "note"),
    [(["a", "b", "c"], ""), (["a", "renamed"], ReasonCode.FIELDS_CHANGED)],
)
def test_an_option_that_was_renamed_is_in_rows_that_nobody_edited(
    alice: User, account: Account, slug: str, options: list[str], note: str
) -> None:
    collection = make_table(alice, account, slug, CHOICES[slug])
    (table,) = account.tables.values()
    (column,) = table.columns.values()
    column.options = options

    sync(account, collection)

    assert collection.pending_reason == note


def test_hubspots_properties_are_asked_for_with_what_shows_late_only(
    alice: User, account: Account, settings: Any
) -> None:
    collection = make_table(alice, account, "hubspot", WORDS["hubspot"])
    (table,) = account.tables.values()
    table.columns.clear()

    sync(account, collection)
    assert collection.pending_reason == ""

    settings.LATE_ARRIVAL_MINUTES = 0
    sync(account, collection)
    assert collection.pending_reason == ReasonCode.FIELDS_CHANGED


FORMULAS = {
    "airtable": airtable.DEFINED,
    "hubspot": hubspot.DEFINED,
    "notion": notion.DEFINED,
}


@SLUGS
def test_a_computed_column_may_lag_behind_its_definition(
    alice: User, account: Account, settings: Any, slug: str
) -> None:
    collection = make_table(alice, account, slug, *FORMULAS[slug])
    (table,) = account.tables.values()
    settings.LATE_ARRIVAL_MINUTES = 0
    for column in table.columns.values():
        column.name = f"Renamed {column.id}"
    sync(account, collection)
    assert collection.pending_reason == ""

    for column in table.columns.values():
        column.definition += 1
    sync(account, collection)
    assert collection.pending_reason == ReasonCode.FIELDS_CHANGED
    assert sorted(collection.schema[LAGGING_KEY]) == sorted(table.columns)

    sync(account, collection, full=True)
    assert collection.pending_reason == ""


def test_what_an_earlier_version_kept_says_nothing_of_definitions() -> None:
    now = {**schema_of(FIELD), DEFINITIONS_KEY: {"f": ["a", "b"]}}

    assert not changed_fields(schema_of(FIELD), now)
    assert not changed_fields({**now, DEFINITIONS_KEY: {"f": ["a"]}}, now)
    assert changed_fields(now, {**now, DEFINITIONS_KEY: {"f": ["b", "c"]}}) == {"f"}
    assert changed_fields(now, {**now, DEFINITIONS_KEY: {}}) == {"f"}
    assert changed_fields({**now, DEFINITIONS_KEY: {}}, now) == {"f"}
    assert changed_fields(now, {**now, DEFINITIONS_KEY: {"f": 7}}) == {"f"}


@pytest.fixture
def untold(alice: User, account: Account) -> Collection:
    """Return a table that has been read, whose databases are not."""
    collection = make_table(alice, account, "notion", WORDS["notion"])
    others = collection.connection.collections.exclude(pk=collection.pk)
    others.update(is_selected=False)
    account.asked.clear()
    return collection


def test_columns_are_asked_for_by_one_call_where_databases_are_not_read(
    account: Account, untold: Collection
) -> None:
    retype_note(account)
    for searches in (1, 2):
        sync(account, untold)
        assert account.asked.count("POST /v1/search") == searches
        assert untold.pending_reason == ReasonCode.FIELDS_CHANGED

    untold.connection.collections.filter(remote_id="databases").update(is_selected=True)
    account.asked.clear()
    sync(account, untold)
    sync(account, untold)
    databases_alone = 2
    assert account.asked.count("POST /v1/search") == databases_alone


def retype_note(account: Account) -> None:
    (table,) = account.tables.values()
    (column,) = table.columns.values()
    column.type = NUMBERS["notion"]


def test_a_search_for_columns_that_is_refused_costs_nothing_else(
    account: Account, untold: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    retype_note(account)
    find = Account._find_in_notion
    monkeypatch.setattr(
        Account,
        "_find_in_notion",
        lambda self, method, path, steps, asked: (
            None if steps == ["search"] else find(self, method, path, steps, asked)
        ),
    )

    run = sync(account, untold)

    assert account.asked.count("POST /v1/search") == 1
    assert (run.outcome, untold.pending_reason) == ("complete", "")


NOTION = CONNECTORS["notion"]
REFUSALS = [
    RateLimited("slow down", retry_after=600.0),
    RateLimited("tomorrow", code=DAILY_QUOTA),
    QuotaExhausted("next month", until=timezone.now() + timedelta(days=20)),
    Transient("paused", code=PROVIDER_PAUSED),
    Server("down", status=503),
]


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: error.message)
def test_no_limit_of_an_extra_call_makes_a_run_wait(
    account: Account,
    untold: Collection,
    monkeypatch: pytest.MonkeyPatch,
    error: ApiError,
) -> None:
    def refuse(_api: ApiClient) -> Any:
        raise error

    monkeypatch.setattr(NOTION, "fetch_columns", refuse)

    run = sync(account, untold)

    assert (run.outcome, run.slices) == ("complete", 1)


def test_an_extra_call_is_made_once_in_a_run_however_long_its_first_page_waits(
    account: Account, untold: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ApiClient] = []
    waits = iter([True, True])
    read_due = collection_loop.read_collections

    def read_later(lease: RunLease) -> float | None:
        if next(waits, False):
            raise RateLimited("slow down", retry_after=1.0)
        return read_due(lease)

    monkeypatch.setattr(NOTION, "fetch_columns", lambda api: asked.append(api) or [])
    monkeypatch.setattr(engine, "READERS", (read_later,))

    run = sync(account, untold)

    assert (run.outcome, run.slices, len(asked)) == ("complete", 3, 1)

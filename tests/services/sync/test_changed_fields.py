"""Fields that were changed at the provider are known, and what lags behind is said."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.errors import (
    InvalidRequest,
    Server,
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
from integrations.services.items import described
from integrations.services.items.search import reindex
from integrations.services.sync.collections import discovery
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


@SLUGS
def test_a_full_refresh_that_fails_on_its_way_says_what_may_lag(
    alice: User,
    account: Account,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    slug: str,
) -> None:
    settings.LATE_ARRIVAL_MINUTES = 0
    collection = make_table(alice, account, slug, WORDS[slug])
    ((key, column),) = account.tables[collection.remote_id].columns.items()
    connector = type(CONNECTORS[slug])
    fetch_page = connector.fetch_page

    def refuse(*args: Any, since: datetime | None = None, **kwargs: Any) -> Any:
        if since is None:
            raise InvalidRequest("no listing", status=400)
        return fetch_page(*args, since=since, **kwargs)

    column.type = NUMBERS[slug]
    with monkeypatch.context() as patch:
        patch.setattr(connector, "fetch_page", refuse)
        for is_full in (True, False):
            sync(account, collection, full=is_full)

            assert collection.reason == ReasonCode.FULL_REFRESH_FAILED
            assert collection.schema[LAGGING_KEY] == [key]
            assert collection.pending_reason == ReasonCode.FIELDS_CHANGED
            # What a refusal costs is as little as can be.
            assert collection.late_arrivals_read_at is None

    # It goes on where it was.
    sync(account, collection)
    assert (collection.reason, collection.pending_reason) == ("", "")
    check_shown(account.tables[collection.remote_id], collection)


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


@pytest.mark.parametrize(
    ("slug", "kind"), [*CHOICES.items(), ("hubspot", NUMBERS["hubspot"])]
)
def test_the_past_of_a_field_that_was_deleted_is_told_as_it_was(
    alice: User, account: Account, settings: Any, slug: str, kind: str
) -> None:
    collection = make_table(alice, account, slug, kind)
    (table,) = account.tables.values()
    ((key, column),) = table.columns.items()
    kept = {key: collection.items.get().properties.get(key) or "12.5"}
    (before,) = described.describe(collection, kept)
    settings.LATE_ARRIVAL_MINUTES = 0

    table.columns = {}
    for is_full in (False, True, True):
        sync(account, collection, full=is_full)
        assert key not in {each["name"] for each in collection.schema["fields"]}
        (told,) = described.describe_all(collection, kept).fields
        assert (told.label, told.value) == (before.label, before.value)

    column.name = "Back"
    table.columns = {key: column}
    sync(account, collection)
    (told,) = described.describe_all(collection, kept).fields
    assert told.label == "Back"

"""What values follow from is kept beside the schema, which other releases read too."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from integrations.models import Collection
from integrations.models.reasons import ReasonCode
from integrations.providers.records import (
    DEFINITIONS_KEY,
    DEFINITIONS_TAG,
    LAGGING_KEY,
    SCHEMA_TAG,
)
from integrations.services.sync.refresh import definitions, incremental, schemas
from tests.services.sync.invented.test_invented_syncs import sync
from tests.services.sync.test_changed_fields import FORMULAS, make_table
from tests.support.provider_answers.accounts import Account
from tests.support.provider_answers.cells.common import Column

SLUGS = pytest.mark.parametrize("slug", sorted(FORMULAS))


@pytest.fixture(autouse=True)
def asked_at_once(settings: Any) -> None:
    settings.LATE_ARRIVAL_MINUTES = 0


def make_formula(owner: User, account: Account, slug: str) -> tuple[Collection, Column]:
    collection = make_table(owner, account, slug, next(iter(FORMULAS[slug])))
    (table,) = account.tables.values()
    (column,) = table.columns.values()
    return collection, column


@SLUGS
def test_a_schema_is_stored_as_releases_without_definitions_know_it(
    alice: User, account: Account, slug: str
) -> None:
    collection, column = make_formula(alice, account, slug)

    assert DEFINITIONS_KEY not in collection.schema
    told = definitions.known_schema(collection)[DEFINITIONS_KEY]
    assert column.id in told

    column.definition += 1
    sync(account, collection)
    assert DEFINITIONS_KEY not in collection.schema
    assert definitions.known_schema(collection)[DEFINITIONS_KEY] != told


def of_no_release(collection: Collection) -> None:
    Collection.objects.filter(pk=collection.pk).update(definitions=None)


def read_by_an_older_release(collection: Collection) -> None:
    rows = Collection.objects.filter(pk=collection.pk)
    rows.update(generation=F("generation") + 1)


@SLUGS
@pytest.mark.parametrize("happened", [of_no_release, read_by_an_older_release])
def test_definitions_that_are_not_of_what_is_stored_are_told_for_the_first_time(
    alice: User, account: Account, slug: str, happened: Any
) -> None:
    collection, column = make_formula(alice, account, slug)
    happened(collection)
    collection = Collection.objects.get(pk=collection.pk)
    column.definition += 1

    sync(account, collection)
    assert collection.pending_reason == ""

    column.definition += 1
    sync(account, collection)
    assert collection.pending_reason == ReasonCode.FIELDS_CHANGED
    assert collection.schema[LAGGING_KEY] == [column.id]


@pytest.mark.parametrize("slug", ["airtable", "notion"])
def test_listings_of_two_releases_by_turns_have_no_schema_asked_for(
    alice: User, account: Account, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection, _ = make_formula(alice, account, slug)
    told = dict(collection.details)
    without = {key: told[key] for key in told.keys() - {DEFINITIONS_TAG}}
    known, compared = definitions.known_schema(collection), told[DEFINITIONS_TAG]
    definitions.set_schema(collection, known, compared=compared)
    asked = []
    monkeypatch.setattr(schemas, "fetch_schema", lambda *_, **__: asked.append(1))
    lease: Any = None

    assert SCHEMA_TAG in without != told
    for details in (without, told, without, told):
        collection.details = details
        schemas.refresh_schema(lease, collection, timezone.now())
    assert asked == []


def test_what_a_listing_told_of_definitions_is_asked_about_once(
    alice: User, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection, _ = make_formula(alice, account, "notion")
    known, asked = definitions.known_schema(collection), []

    def fetch(*_: object, **__: bool) -> dict[str, Any]:
        asked.append(1)
        return dict(known)

    monkeypatch.setattr(schemas, "fetch_schema", fetch)
    collection.details = {**collection.details, DEFINITIONS_TAG: "of a late index"}
    lease: Any = None
    for _ in range(2):
        schemas.refresh_schema(lease, collection, timezone.now())

    assert asked == [1]


def test_no_page_loads_definitions(alice: User, account: Account) -> None:
    collection, _ = make_formula(alice, account, "notion")
    own = Collection.objects.owned_by(alice)

    for rows in (own, own.without_schema(), collection.connection.collections.all()):
        assert "definitions" not in str(rows.query)
        assert {each.pk for each in rows} >= {collection.pk}


@SLUGS
def test_a_full_refresh_behind_too_many_deletions_knows_what_values_follow_from(
    alice: User, account: Account, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection, _ = make_formula(alice, account, slug)
    told = definitions.known_schema(collection)[DEFINITIONS_KEY]
    generation = collection.generation
    monkeypatch.setattr(incremental.soft_delete, "are_too_many", lambda *_: True)

    sync(account, collection)

    assert collection.generation == generation + 1
    assert definitions.known_schema(collection)[DEFINITIONS_KEY] == told
    assert LAGGING_KEY not in collection.schema

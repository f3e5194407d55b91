"""Columns are asked for by one call where no collection that is read tells them."""

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
from integrations.services.sync import collection_loop, engine
from integrations.services.sync.leases.lease import RunLease
from tests.services.sync.invented.test_invented_syncs import sync
from tests.services.sync.test_changed_fields import NUMBERS, WORDS, make_table
from tests.support.provider_answers.accounts import Account


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

"""What a connector did not mean to raise is our mistake, and costs little."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Collection, Connection, Item, SyncRun
from integrations.providers import CONNECTORS
from integrations.providers.hubspot.listing import records
from integrations.services.sync import engine, runs
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, inventory, live

SECRET = "ada@example.org"


def fail(*_args: Any, **_options: Any) -> Any:
    raise KeyError(SECRET)


@pytest.fixture
def break_(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what makes one method of a connector fail, of one collection or all."""

    def do(name: str, *, only: str = "", provider: str = "hubspot") -> None:
        connector = CONNECTORS[provider]
        method = getattr(connector, name)

        def perhaps(api: Any, context: Any, **options: Any) -> Any:
            if context.remote_id == only and not options.get("since"):
                fail()
            return method(api, context, **options)

        monkeypatch.setattr(connector, name, perhaps if only else fail)

    return do


def assert_said(page: Any, reason_data: dict[str, Any]) -> None:
    """Assert that a page says whose mistake it is, and nothing of its inside."""
    assert f"our mistake (reference {reason_data['reference']})" in page.text
    assert "KeyError" not in page.text
    assert SECRET not in page.text


@pytest.mark.parametrize("name", ["fetch_page", "fetch_schema", "fetch_deleted"])
def test_an_error_in_one_collection_costs_that_collection(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    break_: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    as_alice: Client,
    name: str,
) -> None:
    break_(name, only="companies")

    run = finish_sync(connection)

    assert run.outcome == "partial"
    states = {entry.name: entry.state.value for entry in run.entries.values()}
    assert states == {"Contacts": "done", "Companies": "failed", "Deals": "done"}
    assert live("deals") == inventory(sandbox, "deals")
    companies = Collection.objects.get(remote_id="companies")
    assert companies.reason == "connector_error"
    assert re.fullmatch(
        r"KeyError at tests/services/sync/failures/test_connector_errors.py:\d+",
        companies.reason_data["origin"],
    )
    assert companies.reason_data["reference"] in caplog.text
    assert companies.reason_data["origin"] in caplog.text
    assert SECRET not in caplog.text
    assert_said(as_alice.get(run.get_absolute_url()), companies.reason_data)
    assert_said(as_alice.get(connection.get_absolute_url()), companies.reason_data)


def test_changes_are_read_although_the_full_refresh_meets_an_error(
    synced: Connection, finish_sync: FinishSync, break_: Callable[..., None]
) -> None:
    Collection.objects.update(last_full_refresh_at=None)
    break_("fetch_page", only="companies")

    finish_sync(synced)

    companies = Collection.objects.get(remote_id="companies")
    assert companies.reason == "full_refresh_failed"
    assert companies.reason_data["because"]["code"] == "connector_error"
    assert companies.reason_text.startswith("the full refresh failed: this could")


def test_an_error_in_the_list_of_collections_leaves_those_that_are_known(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    break_: Callable[..., None],
    as_alice: Client,
) -> None:
    Connection.objects.update(discovered_at=None)
    break_("list_collections")

    run = finish_sync(synced)

    assert run.outcome == "partial"
    account = run.entries["account"]
    assert account.reason is not None
    assert account.reason.code == "connector_error"
    assert_equal_to(sandbox)
    assert_said(as_alice.get(run.get_absolute_url()), dict(account.reason.data))


def test_an_error_in_the_very_first_list_fails_the_run_and_no_worker(
    connection: Connection, break_: Callable[..., None]
) -> None:
    break_("list_collections")
    run, _ = runs.open_run(connection, trigger="user")

    assert engine.run_slice(run.pk) is None

    run.refresh_from_db()
    assert (run.outcome, run.reason) == ("failed", "collections")
    assert "our mistake" in run.reason_text


@pytest.mark.parametrize("name", ["limits", "headers"])
def test_an_error_before_the_first_call_fails_the_run_and_no_worker(
    connection: Connection, break_: Callable[..., None], name: str
) -> None:
    break_(name)
    run, _ = runs.open_run(connection, trigger="user")

    assert engine.run_slice(run.pk) is None

    run.refresh_from_db()
    assert (run.outcome, run.reason) == ("failed", "connector_error")


def test_an_error_in_the_count_costs_nothing_but_the_count(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    break_: Callable[..., None],
    as_alice: Client,
) -> None:
    break_("fetch_count", only="companies")

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert_equal_to(sandbox)
    companies = Collection.objects.get(remote_id="companies")
    assert (companies.completeness, companies.remote_count) == ("complete", None)
    reason = run.entries[str(companies.pk)].reason
    assert reason is not None
    assert reason.code == "connector_error"
    assert_said(as_alice.get(run.get_absolute_url()), dict(reason.data))


def test_an_error_in_one_row_costs_that_row(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    as_alice: Client,
) -> None:
    lost = min(inventory(sandbox, "companies"), key=int)
    to_item = records.to_item

    def map_but_one(row: Any, collection: Any) -> Any:
        is_lost = (collection.remote_id, row["id"]) == ("companies", lost)
        return fail() if is_lost else to_item(row, collection)

    monkeypatch.setattr(records, "to_item", map_but_one)
    run = finish_sync(connection)

    assert (run.outcome, run.unreadable) == ("partial", 1)
    assert live("companies") == inventory(sandbox, "companies") - {lost}
    companies = Collection.objects.get(remote_id="companies")
    assert companies.reason == "connector_error"
    assert companies.reason_text.startswith("1 item could not be read: our mistake")
    assert companies.reason_data["origin"].startswith("KeyError at tests/")
    assert_said(as_alice.get(run.get_absolute_url()), companies.reason_data)


def test_an_odd_answer_that_cannot_be_stored_is_a_collections_own(
    connection: Connection,
    finish_sync: FinishSync,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connector = CONNECTORS["hubspot"]
    fetch_page = connector.fetch_page

    def spoil(api: Any, context: Any, **options: Any) -> Any:
        page = fetch_page(api, context, **options)
        return None if context.remote_id == "companies" else page

    monkeypatch.setattr(connector, "fetch_page", spoil)
    run = finish_sync(connection)

    assert run.outcome == "partial"
    assert SyncRun.objects.exclude(outcome="quarantined").count() == 1
    states = {entry.name: entry.state.value for entry in run.entries.values()}
    assert states == {"Contacts": "done", "Companies": "failed", "Deals": "done"}
    assert run.seen == Item.objects.live().count()


def test_an_error_in_a_description_shows_the_raw_values(
    synced: Connection,
    break_: Callable[..., None],
    as_alice: Client,
) -> None:
    item = Item.objects.live().filter(type="company").first()
    assert item is not None
    break_("describe")

    page = as_alice.get(item.get_absolute_url())

    assert page.status_code == 200
    assert "our mistake (reference " in page.text
    shown = {row["label"]: row["value"].text for row in page.context["properties"]}
    assert shown["Domain"] == str(item.properties["domain"])


@pytest.fixture
def as_alice(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client

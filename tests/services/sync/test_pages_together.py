"""Pages that come quicker than they are stored are stored together."""

from typing import Any

import pytest

from integrations.http.errors import Unauthorized
from integrations.models import Collection, Connection, Item
from integrations.providers import CONNECTORS
from integrations.services.common.errors import NoTokenError
from integrations.services.sync.refresh import pages
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count every page as there already, however busy this machine is."""
    monkeypatch.setattr(pages, "SOON_SECONDS", 60)
    monkeypatch.setattr(pages, "MOST_SECONDS", 600)


def moments() -> list[int]:
    """Return how many contacts each transaction stored."""
    times = Item.objects.filter(type="contact").order_by("pk")
    found: dict[Any, int] = {}
    for at in times.values_list("first_seen_at", flat=True):
        found[at] = found.get(at, 0) + 1
    return list(found.values())


@pytest.mark.usefixtures("at_once")
def test_pages_that_are_there_are_stored_in_one_transaction(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert moments() == [340]
    assert_equal_to(sandbox)


@pytest.mark.usefixtures("at_once")
def test_no_more_rows_than_the_bound_wait_for_a_transaction(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "MOST_ROWS", 200)

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert moments() == [200, 140]
    assert_equal_to(sandbox)


@pytest.mark.usefixtures("at_once")
def test_a_page_that_fails_costs_nothing_of_those_before_it(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    order = {"family": "list", "path": "contacts", "skip": 2, "count": 4}
    sandbox.client.order("faults/add", kind="status", status=503, **order)

    run = finish_sync(connection)

    assert run.outcome == "complete"
    assert moments() == [200, 140]
    assert_equal_to(sandbox)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    "failure", [KeyError("x"), NoTokenError("not_connected"), Unauthorized("no")]
)
def test_what_ends_a_sync_on_a_later_page_is_asked_once_and_costs_no_earlier_one(
    connection: Connection,
    finish_sync: FinishSync,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
) -> None:
    connector = CONNECTORS["hubspot"]
    fetch_page, asked = connector.fetch_page, []

    def fetch(api: Any, context: Any, **options: Any) -> Any:
        if context.remote_id == "contacts":
            asked.append(options["cursor"])
            if len(asked) > 2:
                raise failure
        return fetch_page(api, context, **options)

    monkeypatch.setattr(connector, "fetch_page", fetch)

    finish_sync(connection)

    assert moments() == [200]
    assert asked.count(asked[2]) == 1
    assert Collection.objects.get(remote_id="contacts").stored_count == 200

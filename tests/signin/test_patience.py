"""A consent outlives an odd answer, and a database that is away for a moment."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.test import Client

from integrations.models import Connection, Credential
from integrations.signin import exchange
from tests.signin.conftest import come_back, exchanges

Start = Callable[..., dict[str, str]]
Consent = Callable[..., dict[str, str]]
WRITES = ("INSERT", "UPDATE")


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "IDENTITY_PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(exchange, "STORING_PAUSES", (0.0, 0.0, 0.0))


@pytest.mark.parametrize("status", [401, 403])
def test_an_odd_answer_about_the_account_costs_no_consent(
    browser: Client, start: Start, consent: Consent, sandbox: Any, status: int
) -> None:
    answer = consent(start())
    fault = {"kind": "status", "status": status, "family": "account"}
    sandbox.client.command("faults/add", provider="hubspot", count=2, **fault)

    response = come_back(browser, answer)

    connection = Connection.objects.get()
    assert response.redirect_chain[-1][0] == connection.get_absolute_url()
    assert exchanges(sandbox) == 1


@pytest.fixture
def failing_writes() -> Iterator[list[str]]:
    """Have the first statements that write fail, as while a database restarts."""
    left = ["first", "second"]

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if left and sql.startswith(WRITES) and "integrations_" in sql and is_on:
            raise OperationalError(f"the database is away: {left.pop()}")
        return execute(sql, params, many, context)

    is_on: list[bool] = []
    with database.execute_wrapper(fail):
        yield is_on  # type: ignore[misc]


def test_a_grant_is_stored_once_the_database_is_back(
    browser: Client,
    start: Start,
    consent: Consent,
    sandbox: Any,
    failing_writes: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = consent(start())
    send = sandbox.send

    def then_fail(*args: Any) -> Any:
        told = send(*args)
        failing_writes.append(True)
        return told

    monkeypatch.setattr(sandbox, "send", then_fail)

    response = come_back(browser, answer)

    connection = Connection.objects.get()
    assert response.redirect_chain[-1][0] == connection.get_absolute_url()
    assert Credential.objects.get().connection == connection

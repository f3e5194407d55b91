"""Give the pages' tests a connection of alice's with something in it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Collection, Connection
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection
from tests.support.sessions import key_of, with_session


@pytest.fixture
@kept
def connection(alice: User) -> Connection:
    return make_connection(alice, account_name="Acme", remote_id="1:1")


@pytest.fixture
@kept
def collection(connection: Connection) -> Collection:
    return make_collection(connection)


@pytest.fixture
@kept
def session_of_alice(alice: User) -> str:
    client = Client()
    client.force_login(alice)
    return key_of(client)


@pytest.fixture
def as_alice(client: Client, session_of_alice: str) -> Client:
    return with_session(client, session_of_alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def codes() -> Any:
    """Return what reads the codes of the messages of an answer that was followed."""

    def read(response: Any) -> list[str]:
        return [message.extra_tags for message in response.context["messages"]]

    return read


@pytest.fixture
def told() -> Any:
    """Return what reads the messages of an answer that was followed."""

    def read(response: Any) -> str:
        return " ".join(str(message) for message in response.context["messages"])

    return read

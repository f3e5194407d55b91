"""Give the pages of one contact what they are about."""

import pytest
from django.contrib.auth.models import User

from integrations.models import Collection, Connection, Item
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection, make_item
from tests.views.editing.contacts.fields import FIELDS, OWNERS, SCOPES, VALUES


@pytest.fixture
@kept
def connection(alice: User) -> Connection:
    return make_connection(alice, granted_scopes=SCOPES, is_editing=True)


@pytest.fixture
@kept
def contacts(connection: Connection) -> Collection:
    schema = {"fields": FIELDS, "lookups": {"owner": OWNERS}}
    return make_collection(connection, schema=schema)


@pytest.fixture
@kept
def item(contacts: Collection) -> Item:
    return make_item(contacts, name="Zoë", properties=VALUES)

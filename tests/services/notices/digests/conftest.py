"""Give the tests of digests contacts that were read long ago, and one of them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Collection, Item
from tests.support.rows import make_collection, make_connection, make_item


@pytest.fixture
def contacts(alice: User) -> Collection:
    connection = make_connection(alice, last_synced_at=timezone.now())
    return make_collection(
        connection, first_full_refresh_at=timezone.now() - timedelta(days=30)
    )


@pytest.fixture
def ana(contacts: Collection) -> Item:
    return make_item(contacts, name="Ana Reyes", properties={"phone": "2"})

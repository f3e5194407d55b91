"""Give the tests of states a connection that is well."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.pages.state_pages import save


@pytest.fixture
def fresh(connection):
    """Make the connection one that was read a minute ago and is read again soon."""
    now = timezone.now()
    save(
        connection,
        last_synced_at=now - timedelta(minutes=1),
        discovered_at=now - timedelta(hours=1),
        next_sync_at=now + timedelta(minutes=9),
        granted_scopes=["crm.objects.contacts.read"],
    )
    return connection

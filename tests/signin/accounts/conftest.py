"""Give the accounts' tests a browser in which a password was just shown."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.test import Client

from tests.support.sessions import prove


@pytest.fixture
def proven(client: Client, alice: User) -> Client:
    """Return a browser in which alice has just shown her password."""
    EmailAddress.objects.create(
        user=alice, email=alice.email, primary=True, verified=True
    )
    client.force_login(alice)
    prove(client)
    session = client.session
    session["account_authentication_methods"][0]["reauthenticated"] = True
    session.save()
    return client

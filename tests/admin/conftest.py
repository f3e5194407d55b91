"""Give the admin's tests a member of staff who has passed a second factor."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission, User
from django.test import Client

import config.urls  # noqa: F401 (registers the admin's pages)
from integrations.models import Collection, Connection
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection
from tests.support.sessions import key_of, prove, with_session


@pytest.fixture
@kept
def staff(db) -> User:
    return User.objects.create_superuser("carol", "carol@example.com", "queen-7-hearts")


def sign_in(user: User, *methods: str) -> Client:
    """Return a browser whose session was opened by these methods."""
    client = Client()
    client.force_login(user)
    if methods:
        prove(client, *methods)
    return client


@pytest.fixture
@kept
def session_of_staff(staff: User) -> str:
    Authenticator.objects.create(user=staff, type=Authenticator.Type.TOTP, data={})
    return key_of(sign_in(staff, "password", "mfa"))


@pytest.fixture
@kept
def session_of_viewer(db: None) -> str:
    viewer = User.objects.create_user("vic", "vic@example.com", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return key_of(sign_in(viewer, "password", "mfa"))


@pytest.fixture
def as_viewer(session_of_viewer: str) -> Client:
    """Return the browser of staff who may look at everything and change nothing."""
    return with_session(Client(), session_of_viewer)


@pytest.fixture
def as_staff(session_of_staff: str) -> Client:
    return with_session(Client(), session_of_staff)


@pytest.fixture
@kept
def connection(alice: User) -> Connection:
    return make_connection(alice, account_name="Acme", remote_id="1:1")


@pytest.fixture
@kept
def collection(connection: Connection) -> Collection:
    return make_collection(connection)

"""An id of somebody else's in the body of a form is one of nobody's, for staff too."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from integrations.models import (
    BulkEdit,
    Collection,
    Connection,
    Edit,
    Item,
    OwnColumn,
    OwnValue,
    SavedView,
)
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection, make_item
from tests.support.sessions import prove

SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]
FIELDS = [
    {"name": "email", "label": "Email", "kind": "email"},
    {"name": "city", "label": "City"},
]
SECRET = "alices-secret"


class Account:
    """Everything that a user has, one of each."""

    def __init__(self, user: User, number: int, text: str) -> None:
        self.user = user
        self.connection = make_connection(
            user,
            account_name=text,
            remote_id=f"{number}:1",
            granted_scopes=SCOPES,
            is_editing=True,
        )
        self.collection = make_collection(
            self.connection, name=text, schema={"fields": FIELDS}
        )
        values = {"email": f"{text}@example.com", "city": text}
        self.item = make_item(self.collection, name=text, properties=values)
        self.edit = Edit.objects.create(
            connection=self.connection,
            collection=self.collection,
            item=self.item,
            verb="update",
            created_by=user,
            values={"city": text},
        )
        key = {"provider": "hubspot", "account_id": f"{number}:1"}
        self.column = OwnColumn.objects.create(
            owner=user,
            name=text,
            kind="text",
            collection_id=self.collection.remote_id,
            is_sandbox=self.connection.is_sandbox,
            **key,
        )
        OwnValue.objects.create(
            column=self.column, remote_id=self.item.remote_id, value=text
        )
        self.view = SavedView.objects.create(owner=user, name=text)
        EmailAddress.objects.create(user=user, email=f"{text}@example.com")
        UserSession.objects.create(user=user, session_key=text, ip="192.0.2.1")


@pytest.fixture
@kept
def theirs(alice: User) -> Account:
    return Account(alice, 1, SECRET)


@pytest.fixture(params=["user", "viewer"])
@kept
def mine(bob: User, request: pytest.FixtureRequest) -> Account:
    """Return the account of a plain user, or of staff who may look at everything."""
    if request.param == "viewer":
        looks = Permission.objects.filter(codename__startswith="view_")
        bob.user_permissions.set(looks)
        bob.is_staff = True
        bob.save()
        Authenticator.objects.create(user=bob, type="totp", data={})
    return Account(bob, 2, "bobs-own")


@pytest.fixture
def browser(mine: Account) -> Client:
    client = Client()
    client.force_login(mine.user)
    prove(client, "password", "mfa")
    return client


Body = Callable[[Account, Account], tuple[str, dict[str, Any]]]
BODIES: dict[str, Body] = {}


def body(make: Body) -> Body:
    BODIES[make.__name__] = make
    return make


def at(name: str, pk: object = None) -> str:
    return reverse(f"integrations:{name}", args=() if pk is None else (pk,))


@body
def a_connection_to_connect_again(mine: Account, theirs: Account) -> Any:
    path = "/integrations/hubspot/authorize"
    return path, {"connection": theirs.connection.pk}


@body
def rows_that_are_shown(mine: Account, theirs: Account) -> Any:
    sent = {"rows": "ticked", "item": [theirs.item.uuid]}
    return at("table-rows", mine.collection.pk), sent


@body
def a_page_of_rows(mine: Account, theirs: Account) -> Any:
    sent = {"rows": "page", "shown": f"{theirs.item.uuid}"}
    return at("table-rows", mine.collection.pk), sent


@body
def rows_that_are_downloaded(mine: Account, theirs: Account) -> Any:
    sent = {"rows": "ticked", "item": [theirs.item.uuid], "form": "csv"}
    return at("table-download", mine.collection.pk), {**sent, "values": "shown"}


@body
def rows_that_are_edited(mine: Account, theirs: Account) -> Any:
    sent = {"rows": "ticked", "item": [theirs.item.uuid]}
    return at("bulk-edit-create", mine.collection.pk), sent


@body
def collections_that_are_read(mine: Account, theirs: Account) -> Any:
    both = [mine.collection.pk, theirs.collection.pk]
    return at("connection-collections", mine.connection.pk), {"collections": both}


@body
def a_table_whose_view_is_kept(mine: Account, theirs: Account) -> Any:
    back = at("table", theirs.collection.pk)
    return at("view-create"), {"back": back, "name": "Taken"}


@body
def a_table_that_a_view_is_changed_to(mine: Account, theirs: Account) -> Any:
    return at("view-save", mine.view.pk), {"back": at("table", theirs.collection.pk)}


@body
def a_list_of_a_connection_whose_view_is_kept(mine: Account, theirs: Account) -> Any:
    back = f"{at('item-list')}?connection={theirs.connection.pk}"
    return at("view-create"), {"back": back, "name": "Taken"}


@body
def a_list_that_is_downloaded(mine: Account, theirs: Account) -> Any:
    chosen = {
        "connection": theirs.connection.pk,
        "collection": theirs.collection.pk,
        "parent": theirs.item.uuid,
        "linked_to": theirs.item.uuid,
    }
    return at("item-download"), {**chosen, "form": "json", "values": "raw"}


@body
def an_edit_by_its_key(mine: Account, theirs: Account) -> Any:
    return at("item-archive", mine.item.uuid), {"key": theirs.edit.uuid}


@body
def a_column_of_a_value(mine: Account, theirs: Account) -> Any:
    sent = {theirs.column.column_id: "taken"}
    return at("item-own-values", mine.item.uuid), sent


@body
def a_column_of_a_layout(mine: Account, theirs: Account) -> Any:
    sent = {"action": "save", "columns": [theirs.column.column_id]}
    return at("table-layout", mine.collection.pk), sent


@body
def an_address_that_is_removed(mine: Account, theirs: Account) -> Any:
    sent = {"email": f"{SECRET}@example.com", "action_remove": ""}
    return reverse("account_email"), sent


@body
def a_session_that_is_ended(mine: Account, theirs: Account) -> Any:
    session = UserSession.objects.get(user=theirs.user)
    return reverse("usersessions_list"), {"session": session.pk, "pk": session.pk}


def state_of(account: Account) -> list[Any]:
    """Return all rows that hang on an account."""
    own, user = account.connection, account.user
    found = [
        Connection.objects.filter(owner=user),
        Collection.objects.filter(connection__owner=user),
        Item.objects.filter(connection=own),
        Edit.objects.filter(created_by=user),
        BulkEdit.objects.filter(connection=own),
        OwnColumn.objects.filter(owner=user),
        OwnValue.objects.filter(column__owner=user),
        SavedView.objects.filter(owner=user),
        EmailAddress.objects.filter(user=user),
        UserSession.objects.filter(user=user),
    ]
    return [list(rows.order_by("pk").values()) for rows in found]


@pytest.mark.parametrize("name", BODIES)
def test_an_id_in_a_body_reaches_nothing_of_anothers(
    browser: Client, mine: Account, theirs: Account, name: str
) -> None:
    before = state_of(theirs)
    path, sent = BODIES[name](mine, theirs)

    answer = browser.post(path, sent, follow=True)

    assert answer.status_code in {200, 400, 404}, answer.status_code
    shown = b"".join(answer) if answer.streaming else answer.content
    # What the address itself said is no news.
    assert SECRET.encode() not in shown or name == "an_address_that_is_removed"
    assert state_of(theirs) == before
    assert not Edit.objects.filter(created_by=mine.user, item=theirs.item).exists()
    assert not BulkEdit.objects.filter(connection=mine.connection).exists()
    mine.collection.refresh_from_db()
    assert mine.collection.is_selected

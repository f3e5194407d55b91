"""Pages that ask once more who is there say why, and nothing untrue."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.support.rows import make_connection
from tests.support.sessions import prove


def reason(client: Client, path: str) -> str:
    """Return the code of the reason on the page that a path leads to."""
    page = client.get(path, follow=True)
    return re.findall(r'data-code="(\w+)"', page.content.decode())[0]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/accounts/delete/", "delete_account"),
        ("/accounts/2fa/totp/activate/", "second_step"),
        ("/accounts/2fa/webauthn/add/", "second_step"),
    ],
)
def test_the_page_says_what_the_proof_is_for(
    client: Client, alice: User, path: str, code: str
) -> None:
    client.force_login(alice)

    assert reason(client, path) == code


def test_removing_a_connection_is_deleting(client: Client, alice: User) -> None:
    connection = make_connection(alice, state="disconnected")
    client.force_login(alice)
    path = reverse("integrations:connection-remove", args=(connection.pk,))

    asked = client.post(path)

    assert reason(client, asked["Location"]) == "delete_items"


def test_opening_the_admin_changes_nothing_important(
    client: Client, alice: User
) -> None:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
    client.force_login(alice)
    prove(client, "password")

    assert reason(client, "/admin/integrations/item/") == "administration"


@pytest.mark.parametrize("path", ["", "?next=/nowhere/", "?next=https://else.example/"])
def test_without_a_known_page_the_reason_is_a_general_one(
    client: Client, alice: User, path: str
) -> None:
    client.force_login(alice)

    page = client.get(f"/accounts/reauthenticate/{path}")

    assert b'data-code="other"' in page.content

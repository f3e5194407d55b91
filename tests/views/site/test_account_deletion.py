"""Deleting one's account: proof first, the address typed, and then nothing is left."""

from urllib.parse import unquote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import AccountErasure, AuditEvent
from integrations.services.connections import account_deletion
from tests.support.rows import make_connection, make_item
from tests.support.sessions import prove

PATH = "/accounts/delete/"


@pytest.fixture
def as_proven_alice(as_alice):
    prove(as_alice)
    return as_alice


def test_the_page_asks_for_the_password_first(as_alice):
    asked = as_alice.get(PATH)
    page = as_alice.post(asked.url, {"password": "wonderland-7"}, follow=True)

    assert unquote(asked.url) == f"/accounts/reauthenticate/?next={PATH}"
    assert page.redirect_chain[-1][0] == PATH
    assert b"Delete your account?" in page.content


def test_the_page_says_what_goes(as_proven_alice, collection):
    make_item(collection)

    page = as_proven_alice.get(PATH).content.decode()

    assert "Acme" in page
    assert "1 item" in page
    assert "alice@example.com" in page


@pytest.mark.parametrize("typed", ["", "bob@example.com", "yes"])
def test_another_address_deletes_nothing(as_proven_alice, typed):
    page = as_proven_alice.post(PATH, {"address": typed})

    assert page.status_code == 400
    assert not AccountErasure.objects.exists()


@pytest.mark.parametrize(("provider", "is_told"), [("hubspot", 1), ("airtable", 0)])
def test_the_page_says_which_provider_cannot_be_told(
    as_proven_alice, alice, provider, is_told
):
    make_connection(alice, provider=provider)

    page = as_proven_alice.get(PATH).content.decode()

    assert page.count("Airtable has no way to be told") == 1 - is_told
    assert page.count("and revoked at their providers") == is_told


def test_the_address_deletes_the_account(as_proven_alice, alice, collection, told):
    elsewhere = Client()
    elsewhere.force_login(alice)

    answer = as_proven_alice.post(PATH, {"address": "Alice@Example.com"}, follow=True)

    assert "being erased" in told(answer)
    assert answer.redirect_chain[-1][0] == "/"
    assert b"Sign in" in answer.content
    assert elsewhere.get("/connections/").status_code == 302
    refused = Client().post(
        "/accounts/login/", {"login": "alice@example.com", "password": "wonderland-7"}
    )
    assert refused.status_code == 200
    assert account_deletion.erase_due() == 0
    assert not User.objects.filter(pk=alice.pk).exists()


def test_the_only_administrator_is_told_why_not(as_proven_alice, alice, told):
    User.objects.filter(pk=alice.pk).update(is_superuser=True, is_staff=True)

    answer = as_proven_alice.post(PATH, {"address": alice.email}, follow=True)

    assert "only administrator" in told(answer)
    assert as_proven_alice.get("/connections/").status_code == 200


def test_the_deletion_is_in_the_audit_trail(as_proven_alice, alice):
    as_proven_alice.post(PATH, {"address": alice.email})

    assert AuditEvent.objects.filter(event="account.erasure_begun", user=alice).exists()


def test_the_settings_lead_to_it(as_alice):
    assert PATH in as_alice.get("/accounts/email/").content.decode()

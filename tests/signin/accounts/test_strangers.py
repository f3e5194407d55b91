"""What strangers learn at the accounts pages: nothing, and not for long."""

import re
from datetime import timedelta

import pytest
from allauth.account import app_settings
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from integrations.models import SignInTry

PASSWORD = "wonderland-7"


def sign_up(email):
    form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    return Client().post("/accounts/signup/", form, follow=True)


def plain(answer, address):
    text = answer.content.decode().replace(address, "")
    # Tokens of forms, and digests of whom they were given to: each has an account now.
    return re.sub(r'name="(csrfmiddlewaretoken|form_sender)" value="\w+"', "", text)


@pytest.mark.parametrize("verification", ["mandatory", "optional"])
def test_signing_up_does_not_tell_who_is_here(alice, settings, verification):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    EmailAddress.objects.create(
        user=alice, email=alice.email, primary=True, verified=True
    )
    assert verification == app_settings.EMAIL_VERIFICATION

    known, new = sign_up(alice.email), sign_up("nobody@example.com")

    assert known.redirect_chain == new.redirect_chain
    assert plain(known, alice.email) == plain(new, "nobody@example.com")


def test_signing_up_with_anothers_address_opens_nothing_of_theirs(
    alice, settings, client
):
    EmailAddress.objects.create(
        user=alice, email=alice.email, primary=True, verified=True
    )
    sign_up(alice.email)

    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})

    assert client.session["_auth_user_id"] == str(alice.pk)


def test_resetting_does_not_tell_who_is_here(client, alice):
    answers = [
        client.post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in (alice.email, "nobody@example.com")
    ]

    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert len(mail.outbox) == 2


@pytest.mark.parametrize(
    ("path", "form", "most"),
    [
        ("/accounts/login/", {"login": "x@example.com", "password": "no"}, 30),
        ("/accounts/signup/", {"email": "x"}, 20),
        ("/accounts/password/reset/", {"email": "x@example.com"}, 20),
    ],
)
def test_too_many_tries_are_answered_with_our_own_page(db, client, path, form, most):
    answers = [client.post(path, form) for _ in range(most + 1)]

    assert answers[-1].status_code == 429
    assert b"Too many tries" in answers[-1].content
    assert b"Mooring" in answers[-1].content


def test_guessing_one_password_ends_after_five(client, alice):
    for _ in range(5):
        client.post("/accounts/login/", {"login": alice.email, "password": "guess"})

    answer = client.post(
        "/accounts/login/", {"login": alice.email, "password": PASSWORD}
    )

    assert "_auth_user_id" not in client.session
    assert answer.status_code in (200, 429)


def test_users_are_called_by_their_address(client, db):
    sign_up("quagga@example.com")
    answer = client.post(
        "/accounts/login/",
        {"login": "quagga@example.com", "password": PASSWORD},
        follow=True,
    )

    text = answer.content.decode()
    assert "Successfully signed in as quagga@example.com" in text
    assert User.objects.get().username not in text.replace("quagga@example.com", "")


def test_guesses_are_counted_where_every_process_sees_them(client, alice):
    for _ in range(5):
        client.post("/accounts/login/", {"login": alice.email, "password": "guess"})
        # What another process knows of a cache that was too slow to ask.
        cache.clear()

    right = {"login": alice.email.upper(), "password": PASSWORD}
    client.post("/accounts/login/", right)
    assert "_auth_user_id" not in client.session

    SignInTry.objects.update(at=timezone.now() - timedelta(minutes=6))
    client.post("/accounts/login/", right)
    assert "_auth_user_id" in client.session


def test_a_password_that_is_right_costs_no_try(client, alice):
    for _ in range(7):
        browser = Client()
        browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
        assert "_auth_user_id" in browser.session
        cache.clear()

    assert not SignInTry.objects.exists()

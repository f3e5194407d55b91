"""Whatever happens to an account is in the audit trail, and no secret is."""

import json

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from integrations.models import AuditEvent

PASSWORD = "wonderland-7"
LOGIN = "/accounts/login/"


def sign_in(client, password=PASSWORD, login="alice@example.com", **extra):
    return client.post(LOGIN, {"login": login, "password": password}, **extra)


def events(user=None):
    rows = AuditEvent.objects.filter(user=user).order_by("pk")
    return [row.event.removeprefix("account.") for row in rows]


def written():
    """Return all that the trail says in words of its own."""
    return json.dumps(list(AuditEvent.objects.values("facts", "subject")))


def test_signing_in_and_out(client, alice):
    sign_in(client)
    client.post("/accounts/logout/")

    assert events(alice) == ["signed_in", "signed_out"]
    signed_in = AuditEvent.objects.get(event="account.signed_in")
    assert signed_in.facts == {"methods": ["password"]}
    assert signed_in.address == "127.0.0.1"


def test_a_wrong_password_counts_for_its_account(client, alice):
    sign_in(client, "a guess")

    assert events(alice) == ["sign_in_failed"]
    assert "guess" not in json.dumps(
        list(AuditEvent.objects.values("facts", "subject"))
    )


def test_an_unknown_address_is_not_written_down(client, alice):
    sign_in(client, login="my-password@typed.here")

    row = AuditEvent.objects.get()
    assert (row.event, row.user, row.subject) == ("account.sign_in_failed", None, "")
    assert row.facts == {}


def test_a_wrong_password_when_asked_again(proven, alice):
    proven.post("/accounts/reauthenticate/", {"password": "a guess"})

    assert events(alice) == ["reauthentication_failed"]


@pytest.mark.parametrize(
    ("count", "forwarded", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_trusted_proxies_say_where_somebody_is(
    client, alice, monkeypatch, settings, count, forwarded, address
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = count

    sign_in(client, headers={"x-forwarded-for": forwarded})

    assert AuditEvent.objects.get(event="account.signed_in").address == address


def test_signing_up(client, db):
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)

    user = User.objects.get()
    assert events(user) == ["signed_up", "signed_in"]


def test_changing_the_password(proven, alice):
    form = {"oldpassword": PASSWORD, "password1": "queen-8-red", "password2": ""}
    form["password2"] = form["password1"]
    proven.post("/accounts/password/change/", form)

    assert "password_changed" in events(alice)


def test_resetting_the_password(client, alice):
    client.post("/accounts/password/reset/", {"email": alice.email})
    link = next(w for w in mail.outbox[0].body.split() if "/reset/key/" in w)
    form = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    client.post(
        form.redirect_chain[-1][0],
        {"password1": "queen-8-red", "password2": "queen-8-red"},
    )

    assert "password_reset" in events(alice)


def test_changing_addresses(proven, alice):
    proven.post("/accounts/email/", {"action_add": "", "email": "a@new.example"})
    proven.post("/accounts/email/", {"action_remove": "", "email": "a@new.example"})

    trail = events(alice)
    assert "email_added" in trail or "email_changed" in trail
    assert "new.example" not in written()


def test_ending_other_sessions(client, alice):
    for browser in (client, Client()):
        sign_in(browser)

    client.post("/accounts/sessions/")

    assert events(alice)[-1] == "sessions_ended"
    assert UserSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)  # allauth tells after the commit
def test_second_factors_come_and_go(proven, alice):
    secret = proven.get("/accounts/2fa/totp/activate/").context["form"].secret
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    code = totp.format_hotp_value(totp.hotp_value(secret, counter))
    proven.post("/accounts/2fa/totp/activate/", {"code": code})
    proven.post("/accounts/2fa/recovery-codes/generate/")
    proven.post("/accounts/2fa/totp/deactivate/")

    trail = events(alice)
    assert trail[:2] == ["second_factor_added", "recovery_codes_generated"]
    assert trail.count("recovery_codes_generated") == 2
    assert "second_factor_removed" in trail


def test_signing_in_with_a_recovery_code(client, alice):
    totp.TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    sign_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client.post("/accounts/2fa/authenticate/", {"code": code})

    assert events(alice) == ["second_factor_failed", "recovery_code_used", "signed_in"]
    assert Authenticator.objects.count() == 2
    assert code not in written()

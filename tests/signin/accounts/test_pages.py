"""Every page and mail of allauth is our own, whole, and works in every state."""

import re
from collections.abc import Iterator
from pathlib import Path

import allauth.urls
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.template.loader import get_template
from django.test import Client
from django.urls import URLPattern, URLResolver

from integrations.signin.adapters import AccountAdapter

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
# Signing in by a mailed code is off, and a download is no page.
NO_PAGES = {"account/confirm_login_code.html", "mfa/recovery_codes/download.txt"}
STOCK = Path(allauth.urls.__file__).parent / "templates"
# Mails with a code: they belong to what is off, too.
NO_MAILS = re.compile("login_code|password_reset_code|confirmation_signup")


def views(patterns: list[URLPattern | URLResolver]) -> Iterator[type]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        elif hasattr(pattern.callback, "view_class"):
            yield pattern.callback.view_class


PAGES = {
    getattr(view, "template_name", None) for view in views(allauth.urls.urlpatterns)
}
MAILS = {
    str(path.relative_to(STOCK))
    for path in STOCK.glob("*/email/*.txt")
    if path.parts[-3] in {"account", "mfa", "socialaccount"}
}


@pytest.mark.parametrize(
    "name",
    [
        *sorted(PAGES - NO_PAGES - {None}),
        *sorted(name for name in MAILS if not NO_MAILS.search(name)),
    ],
)
def test_allauth_finds_our_page_or_mail(name):
    assert TEMPLATES in Path(get_template(name).origin.name).parents


def check_page(answer, heading, *, status=200):
    """Check that an answer is one of our whole pages, under one heading."""
    assert answer.status_code == status
    text = answer.content.decode()
    assert re.findall(r"<h1>(.*?)</h1>", text, re.DOTALL) == [heading]
    assert "Skip to content" in text
    used = [Path(template.origin.name) for template in answer.templates]
    assert not [path for path in used if "elements" in path.parts]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("login/", "Sign in"),
        ("signup/", "Create an account"),
        ("inactive/", "This account is switched off"),
        ("confirm-email/", "Check your email"),
        ("confirm-email/nonsense/", "This link no longer works"),
        ("password/reset/", "Reset your password"),
        ("password/reset/done/", "Check your email"),
        ("password/reset/key/1-nonsense/", "This link no longer works"),
        ("password/reset/key/done/", "Your password is changed"),
        ("3rdparty/login/cancelled/", "You cancelled"),
    ],
)
def test_a_page_for_the_signed_out(client: Client, path, heading):
    check_page(client.get(f"/accounts/{path}"), heading)


def test_a_page_for_a_connection_that_went_wrong(proven):
    answer = proven.get("/accounts/3rdparty/login/error/")

    check_page(answer, "Connecting did not work", status=401)


def test_a_page_that_says_sign_up_is_closed(client, db, monkeypatch):
    monkeypatch.setattr(AccountAdapter, "is_open_for_signup", lambda *_: False)

    check_page(client.get("/accounts/signup/"), "Sign-up is closed")


def test_a_page_for_somebody_without_an_account(client, db):
    assert client.get("/accounts/3rdparty/signup/").url == "/accounts/login/"
    assert get_template("socialaccount/signup.html")


@pytest.fixture
def second_factors(alice):
    """Give alice an app, recovery codes and a key; return the key."""
    totp.TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(alice)
    data = {"name": "Blue key", "passwordless": True, "credential": {}}
    return Authenticator.objects.create(
        user=alice, type=Authenticator.Type.WEBAUTHN, data=data
    )


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("logout/", "Sign out?"),
        ("email/", "Email address"),
        ("password/change/", "Change your password"),
        ("reauthenticate/", "Confirm it is you"),
        ("2fa/", "Two-step sign-in"),
        ("2fa/totp/activate/", "Set up an authenticator app"),
        ("2fa/webauthn/", "Passkeys and security keys"),
        ("2fa/webauthn/add/", "Add a passkey or security key"),
        ("3rdparty/", "Connected accounts"),
        ("sessions/", "Where you are signed in"),
    ],
)
def test_a_page_for_the_signed_in(proven, path, heading):
    check_page(proven.get(f"/accounts/{path}"), heading)


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("2fa/", "Two-step sign-in"),
        ("2fa/totp/deactivate/", "Switch off the authenticator app?"),
        ("2fa/recovery-codes/", "Recovery codes"),
        ("2fa/recovery-codes/generate/", "Make new recovery codes"),
        ("2fa/reauthenticate/", "Confirm it is you"),
        ("2fa/webauthn/keys/{key}/edit/", "Rename this key"),
        ("2fa/webauthn/keys/{key}/remove/", "Remove “Blue key”?"),
    ],
)
def test_a_page_for_somebody_with_second_factors(proven, second_factors, path, heading):
    check_page(proven.get(f"/accounts/{path.format(key=second_factors.pk)}"), heading)


def test_a_page_that_asks_for_the_second_step(client, alice, second_factors):
    second_factors.delete()
    form = {"login": alice.email, "password": "wonderland-7"}

    check_page(client.post("/accounts/login/", form, follow=True), "Second step")


def test_a_page_for_a_user_without_a_password(proven, alice):
    alice.set_unusable_password()
    alice.save()
    proven.force_login(alice)

    check_page(proven.get("/accounts/password/set/"), "Set a password")


def test_the_recovery_codes_are_shown_and_can_be_taken_along(proven, second_factors):
    page = proven.get("/accounts/2fa/recovery-codes/").content.decode()

    assert "recovery-codes/download/" in page
    assert page.count("&#10;") == 9

"""A password reset leaves one way in: the new password, until others are confirmed."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal.auth import get_credentials
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from integrations.models import AuditEvent, SuspendedSignInMethod
from integrations.services.common.proof import RecentProof
from integrations.services.connections import account_deletion
from integrations.services.grants import key_rotation
from tests.signin.conftest import CALLBACK, come_back
from tests.support.sessions import prove

SECRET = "JBSWY3DPEHPK3PXP"
PAGE, NEW = "/accounts/sign-in-methods/", "brand-new-word-7"
TOTP, WEBAUTHN = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN


def reset(user: User) -> None:
    """Set a new password by the link in a mail."""
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": user.email})
    path = re.search(r"localhost:8000(\S+/key/\S+)", mail.outbox[-1].body)[1]
    form = browser.get(path)["Location"]
    done = browser.post(form, {"password1": NEW, "password2": NEW})
    assert done["Location"].endswith("/done/")


def sign_in(user: User) -> Any:
    browser = Client()
    form = {"login": user.email, "password": NEW}
    answer = browser.post("/accounts/login/", form, follow=True)
    return browser, answer


def code() -> str:
    counter = next(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(SECRET, counter + 1))


@pytest.fixture
def factors(alice: User) -> dict[str, Authenticator]:
    """Give alice an app, recovery codes and a passkey."""
    totp.TOTP.activate(alice, SECRET)
    RecoveryCodes.activate(alice)
    data = {"name": "Blue key", "credential": {}}
    Authenticator.objects.create(user=alice, type=WEBAUTHN, data=data)
    return {factor.type: factor for factor in alice.authenticator_set.all()}


def method(kind: str) -> SuspendedSignInMethod:
    return SuspendedSignInMethod.objects.get(kind=kind)


def test_what_signed_in_before_a_reset_is_off_and_listed(
    alice: User, factors: dict[str, Authenticator]
) -> None:
    elsewhere = Client()
    elsewhere.force_login(alice)

    reset(alice)

    assert elsewhere.get(PAGE).status_code == 302
    assert get_credentials(alice) == []
    assert "passkeys" in mail.outbox[-1].body
    browser, answer = sign_in(alice)
    assert browser.session["_auth_user_id"] == str(alice.pk)
    assert answer.redirect_chain[-1][0] == PAGE
    for told in ("Blue key", "Authenticator app", "Recovery codes"):
        assert told in answer.content.decode()
    assert AuditEvent.objects.get(event="account.sign_in_methods_suspended").facts == {
        "factors": 3,
        "connections": 0,
        "feeds": 0,
    }


def test_a_reset_proves_the_address_that_its_link_was_sent_to(alice: User) -> None:
    reset(alice)

    assert EmailAddress.objects.get(user=alice, verified=True).email == alice.email


def test_the_owner_turns_on_each_again_with_a_recent_proof(
    alice: User, factors: dict[str, Authenticator]
) -> None:
    reset(alice)
    browser, _ = sign_in(alice)
    path = f"{PAGE}{method(TOTP).pk}/resume/"
    prove(browser, seconds_ago=3600)
    assert "reauthenticate" in browser.post(path)["Location"]
    assert not Authenticator.objects.exists()

    prove(browser)
    browser.post(path)

    factor = Authenticator.objects.get()
    assert factor.data == factors[TOTP].data
    assert factor.created_at == factors[TOTP].created_at
    second, answer = sign_in(alice)
    assert "_auth_user_id" not in second.session
    second.post(answer.redirect_chain[-1][0], {"code": code()})
    assert second.session["_auth_user_id"] == str(alice.pk)


def test_what_is_not_the_owners_is_deleted(
    alice: User, bob: User, factors: dict[str, Authenticator]
) -> None:
    reset(alice)
    browser, _ = sign_in(alice)
    path = f"{PAGE}{method(WEBAUTHN).pk}"
    other = Client()
    other.force_login(bob)
    prove(other)
    for action in ("resume", "delete"):
        assert other.post(f"{path}/{action}/").status_code == 404

    browser.post(f"{path}/delete/")

    assert not SuspendedSignInMethod.objects.filter(kind=WEBAUTHN).exists()
    assert not Authenticator.objects.exists()


def test_an_app_that_was_set_up_since_is_not_replaced(
    alice: User, factors: dict[str, Authenticator], told: Any
) -> None:
    reset(alice)
    browser, _ = sign_in(alice)
    new = totp.TOTP.activate(alice, SECRET).instance

    answer = browser.post(f"{PAGE}{method(TOTP).pk}/resume/", follow=True)

    assert "already_replaced" in told(answer)
    assert Authenticator.objects.get() == new
    assert method(TOTP)


def test_a_mail_alone_does_not_open_the_administration(
    alice: User, factors: dict[str, Authenticator], told: Any
) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    reset(alice)
    browser, _ = sign_in(alice)
    path = f"{PAGE}{method(WEBAUTHN).pk}/delete/"

    assert "old_factor_first" in told(browser.post(path, follow=True))
    browser.post("/accounts/reauthenticate/", {"password": NEW})
    page = browser.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    counter = next(totp.yield_hotp_counters_from_time())
    guess = totp.format_hotp_value(totp.hotp_value(secret, counter))
    browser.post("/accounts/2fa/totp/activate/", {"code": guess})
    assert not Authenticator.objects.exists()

    browser.post(f"{PAGE}{method(TOTP).pk}/resume/")
    assert browser.get("/admin/").status_code == 302
    prove(browser, "password", "mfa")
    browser.post(path)
    assert not SuspendedSignInMethod.objects.filter(kind=WEBAUTHN).exists()


def test_a_connected_account_signs_nobody_in_until_it_is_confirmed(
    alice: User, connect: Any, start: Any, consent: Any, settings: Any, told: Any
) -> None:
    settings.PROVIDER_SIGN_IN = "linked"
    connect(alice)
    reset(alice)
    stranger = Client()

    answer = come_back(stranger, consent(start(stranger)))
    assert "sign_in_off" in told(answer)
    assert "_auth_user_id" not in stranger.session

    browser, _ = sign_in(alice)
    browser.post(f"{PAGE}{method('provider').pk}/resume/")
    stranger.get(CALLBACK, consent(start(stranger)))
    assert stranger.session["_auth_user_id"] == str(alice.pk)


def test_a_second_reset_keeps_what_is_off_and_adds_the_rest(
    alice: User, factors: dict[str, Authenticator], connect: Any
) -> None:
    connect(alice)
    reset(alice)
    totp.TOTP.activate(alice, SECRET)

    reset(alice)

    kinds = SuspendedSignInMethod.objects.values_list("kind", flat=True)
    expected = ["provider", "recovery_codes", "totp", "totp", "webauthn"]
    assert sorted(kinds) == expected


def test_secrets_of_what_is_off_are_sealed_anew_and_go_with_the_account(
    alice: User, factors: dict[str, Authenticator], settings: Any
) -> None:
    reset(alice)
    counted = key_rotation.count()
    assert (counted.by_key.total(), counted.unreadable.total()) == (2, 0)
    assert SECRET not in str(method(TOTP).data)

    account_deletion.erase(alice, proof=RecentProof(user=alice))

    assert not SuspendedSignInMethod.objects.exists()


def test_the_secret_of_an_app_is_sealed_while_its_set_up_is_unfinished(
    client: Client, alice: User
) -> None:
    client.force_login(alice)
    client.post("/accounts/reauthenticate/", {"password": "wonderland-7"})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret

    assert len(secret) == 32
    assert secret not in str(dict(client.session.items()))

    wrong = client.post("/accounts/2fa/totp/activate/", {"code": "0"})
    assert wrong.context["form"].secret == secret
    assert secret not in str(dict(client.session.items()))
    counter = next(totp.yield_hotp_counters_from_time())
    right = totp.format_hotp_value(totp.hotp_value(secret, counter + 1))
    client.post("/accounts/2fa/totp/activate/", {"code": right})
    assert Authenticator.objects.filter(user=alice, type=TOTP).exists()

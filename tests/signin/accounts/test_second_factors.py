"""Codes of a second factor cannot be guessed or used twice, cache or no cache."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from integrations.models import SignInTry
from tests.support.sessions import prove

SIGN_IN = "/accounts/2fa/authenticate/"
PROVE = "/accounts/2fa/reauthenticate/"
PROVE_BY_PASSWORD = "/accounts/reauthenticate/"
SET_UP = "/accounts/2fa/totp/activate/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def codes(alice: User) -> dict[str, str]:
    """Return a code that is right for each of alice's second factors."""
    totp.TOTP.activate(alice, SECRET)
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return {
        # Of the period after this one, so that it is right for the whole test.
        "totp": totp.format_hotp_value(totp.hotp_value(SECRET, counter + 2)),
        "recovery_codes": RecoveryCodes.activate(alice).get_unused_codes()[0],
    }


@pytest.fixture
def as_alice(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def make_key() -> dict[str, object]:
    """Return what a browser tells of a security key that was just added."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    held = AttestedCredentialData.create(
        bytes(16), b"blue key", ES256.from_cryptography_key(public)
    )
    flags = AuthenticatorData.FLAG.AT | AuthenticatorData.FLAG.UP
    told = AuthenticatorData.create(bytes(32), flags, 0, bytes(held))
    client = CollectedClientData.create(
        "webauthn.create", bytes(32), "http://testserver"
    )
    return {
        "id": websafe_encode(b"blue key"),
        "rawId": websafe_encode(b"blue key"),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(
                AttestationObject.create("none", told, {})
            ),
        },
    }


def past_the_password() -> Client:
    client = Client()
    form = {"login": "alice@example.com", "password": "wonderland-7"}
    assert client.post("/accounts/login/", form).url.startswith(SIGN_IN)
    return client


def enter(client: Client, code: str, page: str = SIGN_IN) -> bool:
    """Send a code, as if Redis had just been emptied; tell whether it was taken."""
    cache.clear()
    return bool(client.post(page, {"code": code}).status_code == 302)


@pytest.mark.parametrize("kind", ["totp", "recovery_codes"])
def test_after_five_wrong_codes_the_right_one_is_refused_for_five_minutes(
    codes: dict[str, str], kind: str
) -> None:
    client = past_the_password()
    for _ in range(5):
        assert not enter(client, "000000")

    assert not enter(client, codes[kind])
    assert "_auth_user_id" not in client.session

    SignInTry.objects.update(at=timezone.now() - timedelta(minutes=6))
    assert enter(client, codes[kind])
    assert "_auth_user_id" in client.session


def test_guesses_in_one_place_count_in_every_other(codes: dict[str, str]) -> None:
    guesser = past_the_password()
    for _ in range(5):
        enter(guesser, "000000")

    assert not enter(past_the_password(), codes["totp"])


def test_guesses_at_a_sign_in_lock_nobody_out_of_their_own_session(
    codes: dict[str, str], as_alice: Client
) -> None:
    prove(as_alice, seconds_ago=10_000)
    guesser = past_the_password()
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    for _ in range(5):
        guesser.post(SIGN_IN, {"code": "000000"}, **elsewhere)

    assert as_alice.post(PROVE, {"code": codes["totp"]}).status_code == 302


def test_wrong_passwords_at_a_sign_in_lock_nobody_out_of_their_own_session(
    as_alice: Client,
) -> None:
    prove(as_alice, seconds_ago=10_000)
    form = {"login": "alice@example.com", "password": "wrong"}
    for _ in range(6):
        Client().post("/accounts/login/", form, REMOTE_ADDR="203.0.113.7")

    right = {"password": "wonderland-7"}
    assert as_alice.post(PROVE_BY_PASSWORD, right).status_code == 302


def test_guesses_in_one_session_count_on_all_its_pages(
    codes: dict[str, str], as_alice: Client
) -> None:
    prove(as_alice, seconds_ago=10_000)
    for _ in range(5):
        assert not enter(as_alice, "000000", PROVE)

    assert not enter(as_alice, codes["totp"], PROVE)
    cache.clear()
    right = {"password": "wonderland-7"}
    assert as_alice.post(PROVE_BY_PASSWORD, right).status_code == 200


def test_a_right_code_is_no_guess(codes: dict[str, str]) -> None:
    alice = User.objects.get()
    for each in RecoveryCodes.activate(alice).get_unused_codes()[:6]:
        assert enter(past_the_password(), each)

    assert not SignInTry.objects.exists()


def test_a_code_of_an_app_is_taken_once(codes: dict[str, str]) -> None:
    assert enter(past_the_password(), codes["totp"])

    assert not enter(past_the_password(), codes["totp"])


def test_setting_an_app_up_counts_as_well(as_alice: Client, alice: User) -> None:
    EmailAddress.objects.create(
        user=alice, email=alice.email, primary=True, verified=True
    )
    prove(as_alice)
    session = as_alice.session
    session["account_authentication_methods"][0]["reauthenticated"] = True
    session.save()
    as_alice.get(SET_UP)
    for _ in range(5):
        assert not enter(as_alice, "000000", SET_UP)

    answer = as_alice.post(SET_UP, {"code": "000000"})

    assert (
        answer.context["form"].errors.as_data()["code"][0].code
        == "too_many_login_attempts"
    )
    assert not Authenticator.objects.exists()


def test_a_key_is_only_asked_of_whoever_has_one(
    codes: dict[str, str], alice: User
) -> None:
    without = past_the_password().get(SIGN_IN).content.decode()
    WebAuthn.add(alice, "Blue key", make_key())

    with_one = past_the_password().get(SIGN_IN).content.decode()

    assert "webauthn" not in without
    assert 'id="mfa_webauthn_authenticate"' in with_one

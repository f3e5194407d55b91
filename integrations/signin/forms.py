"""Forms of allauth, where an unproven address or a password reset need more care."""

from typing import Any

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import (
    send_verification_email_to_address,
)
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.base import forms as mfa_base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, get_totp_secret
from allauth.mfa.webauthn import forms as webauthn
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.services.common.sealing import mfa
from integrations.services.common.sealing.crypto import CryptoError
from integrations.services.connections import sign_in_methods
from integrations.signin import limit
from integrations.signin.accounts import accounts_of, is_claimed
from integrations.signin.sign_in_methods import OLD_FACTOR_FIRST, must_pass_old_factor

CLAIMED = (
    "Somebody has opened an account with this address and has not confirmed it. If the "
    "address is yours, sign in, or reset the password."
)


class SignUpForm(account.SignupForm):
    """Sign-up, by which an address gets one account at most that has not proven it."""

    def validate_unique_email(self, value: str) -> str:
        """Refuse an address that waits for somebody to prove it."""
        email: str = super().validate_unique_email(value)
        if not self.account_already_exists and is_claimed(email):
            raise ValidationError(CLAIMED, code="claimed")
        return email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Open the account; of two at once neither stays, as nobody was first."""
        user, answer = super().try_save(request)
        if user is not None and is_claimed(user.email, besides=user):
            user.delete()
            messages.error(request, CLAIMED, extra_tags="claimed")
            return None, redirect("account_signup")
        return user, answer


class ChangeEmailForm(account.AddEmailForm):
    """Change of the address; the old one stays until the new one is confirmed."""

    def save(self, request: HttpRequest) -> EmailAddress:
        """Replace an earlier change that nobody has confirmed; send the mail."""
        user = self.user
        with transaction.atomic():
            EmailAddress.objects.filter(
                user=user, verified=False, primary=False
            ).delete()
            address = EmailAddress.objects.create(
                user=user, email=self.cleaned_data["email"]
            )
        send_verification_email_to_address(request, address)
        return address


class ResetPasswordForm(account.ResetPasswordForm):
    """Request for a mail to reset the password, sent for who signs in by an address."""

    def clean_email(self) -> str:
        """Find whom to write to, as at a sign-in."""
        email = str(self.cleaned_data["email"])
        self.users = [user for user in accounts_of(email) if user.is_active]
        return email


class ResetPasswordKeyForm(account.ResetPasswordKeyForm):
    """New password by a mailed link, which proves the address the link was sent to."""

    def save(self) -> None:
        """Set the password, and turn off whatever else signed in before."""
        with transaction.atomic():
            super().save()
            _prove_address(self.user)
            sign_in_methods.suspend_all(self.user)
            limit.forget(self.user.email)


def _prove_address(user: User) -> None:
    """Mark the address as confirmed that an account without a proven one goes by."""
    own = EmailAddress.objects.filter(user=user)
    if own.filter(verified=True).exists() or not user.email:
        return
    address, _ = own.get_or_create(user=user, email=user.email.lower())
    if address.set_verified():
        address.set_as_primary()


class _SecondFactorForm:
    """New second factor, which replaces none that a password reset has turned off."""

    user: User

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()  # type: ignore[misc]
        if must_pass_old_factor(context.request, self.user):
            raise ValidationError(OLD_FACTOR_FIRST, code="old_factor_first")
        return cleaned


class _CountedCode:
    """Field for a code, each try of which is counted before it is checked."""

    user: User

    def counted_as(self) -> str:
        """Return what the tries are counted for."""
        key = context.request.session.session_key
        return limit.session_of(self.user, key)

    def clean_code(self) -> str:
        counted = limit.count(self.counted_as())
        if counted is None:
            raise get_adapter().validation_error("too_many_login_attempts")
        code: str = super().clean_code()  # type: ignore[misc]
        counted.delete()
        return code


class _EnteredCode(_CountedCode):
    """Field for a code of a second factor that is set up."""

    authenticator: Authenticator

    def clean_code(self) -> str:
        code = super().clean_code()
        is_of_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_of_app and not limit.spend(self.user, code):
            raise mfa_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_EnteredCode, mfa_base.AuthenticateForm):
    """Second step of a sign-in."""

    def counted_as(self) -> str:
        """Return its user, from however many places somebody tries."""
        return limit.second_factor_of(self.user)


class ReauthenticateForm(_EnteredCode, mfa_base.ReauthenticateForm):
    """Proof of who is signed in, by a code."""


class ActivateTOTPForm(_CountedCode, _SecondFactorForm, totp.ActivateTOTPForm):
    """Set-up of an authenticator app, whose secret lies sealed in the session."""

    secret: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            try:
                self.secret = mfa.unseal(self.secret)
            except CryptoError:
                self.secret = get_totp_secret(regenerate=True)
        context.request.session[SECRET_SESSION_KEY] = mfa.seal(self.secret)


class AddWebAuthnForm(_SecondFactorForm, webauthn.AddWebAuthnForm):
    """Set-up of a passkey or security key."""

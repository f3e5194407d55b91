"""allauth adapters: rules that its settings do not reach."""

from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from integrations.services.common import audit, mfa


class AccountAdapter(DefaultAccountAdapter):
    """Account adapter that builds links from the configuration, not the request."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGN_UP == "open")

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: Any
    ) -> str:
        url: str = super().get_email_confirmation_url(request, emailconfirmation)
        return _under_public_base(url)

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _under_public_base(super().get_reset_password_from_key_url(key))


def display_name(user: AbstractBaseUser) -> str:
    """Call a user by their e-mail address; user names are made up by allauth."""
    return str(getattr(user, "email", "") or user.get_username())


def _under_public_base(url: str) -> str:
    path = "/" + url.split("://", 1)[-1].partition("/")[2] if "://" in url else url
    return settings.PUBLIC_BASE_URL.rstrip("/") + path


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Social adapter: no sign-up through a provider, no matching by e-mail address."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def is_email_verified(self, provider: Any, email: str) -> bool:
        return False

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):
    """MFA adapter that encrypts TOTP secrets and recovery codes."""

    def encrypt(self, text: str) -> str:
        return mfa.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return mfa.unseal(encrypted_text)


class UserSessionsAdapter(DefaultUserSessionsAdapter):
    """Session adapter that audits ended sessions."""

    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        super().end_sessions(sessions)
        if sessions:
            audit.record(
                "account.sessions_ended",
                user=sessions[0].user,
                request=context.request,
                count=len(sessions),
            )

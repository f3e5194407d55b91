"""allauth adapters: rules that its settings do not reach."""

from collections.abc import Callable, Sequence
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest
from django.urls import reverse

from integrations.services.common import audit
from integrations.services.common.sealing import mfa
from integrations.services.connections import sign_in_methods
from integrations.signin import confirmation, limit
from integrations.signin.accounts import account_by_password
from integrations.views.site.visits import keep_visit

TOO_MANY_TRIES = "Too many wrong tries. Wait five minutes, then try again."


class AccountAdapter(DefaultAccountAdapter):
    """Account adapter: links from the configuration, passwords of proven addresses."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": TOO_MANY_TRIES,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGN_UP == "open")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return whom an address and a password sign in; allauth tries every account.

        An inactive one is returned as well: the sign-in tells them so.
        """
        email, password = credentials.get("email", ""), credentials["password"]
        return self._count_and_check(
            request,
            email,
            lambda: account_by_password(email, password),
            counted_as=email,
        )

    def logout(self, request: HttpRequest) -> None:
        """Sign out, and keep when the user was here, which the session knew."""
        keep_visit(request, is_here=True)
        super().logout(request)

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Check the password of who is signed in, and of no other account."""
        email = EmailAddress.objects.get_primary_email(user) or user.get_username()
        checked = self._count_and_check(
            context.request,
            email,
            lambda: user if user.check_password(password) else None,
            counted_as=limit.session_of(user, context.request.session.session_key),
        )
        return checked is not None

    def _count_and_check(
        self,
        request: HttpRequest,
        email: str,
        check: Callable[[], Any],
        *,
        counted_as: str,
    ) -> Any:
        """Count a try, then check it; one that succeeds is taken off the count."""
        self.pre_authenticate(request, email=email)
        counted = limit.count(counted_as)
        if counted is None:
            raise self.validation_error("too_many_login_attempts")
        user = check()
        if user is None:
            user_login_failed.send(
                sender=__name__, credentials={"email": email}, request=request
            )
        else:
            counted.delete()
            self._rollback_login_failed_rl_usage()
        return user

    def should_send_confirmation_mail(
        self,
        request: HttpRequest,
        email_address: EmailAddress,
        signup: bool,  # noqa: FBT001 - allauth's
    ) -> bool:
        # Asked for, even if a mail that was sent a moment ago has to do.
        confirmation.note(request, email_address)
        return True

    def send_confirmation_mail(
        self,
        request: HttpRequest,
        emailconfirmation: Any,
        signup: bool,  # noqa: FBT001 - allauth's
    ) -> None:
        super().send_confirmation_mail(request, emailconfirmation, signup)
        confirmation.note(request, emailconfirmation.email_address)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead whoever has ways to sign in that are off to the list of them."""
        user = request.user
        if isinstance(user, User) and sign_in_methods.suspended(user).exists():
            return reverse("integrations:sign-in-methods")
        return super().get_login_redirect_url(request)

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

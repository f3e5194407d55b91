"""Audit of account events: sign-in, passwords, addresses, factors.

The product has no signals for its own logic. These are the libraries': sign-in,
passwords, addresses and second factors are their business, and receiving what they
send is the only way to hear of it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from allauth.account import signals as account
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from integrations.services.common.audit import record
from integrations.signin.accounts import accounts_of

# Signals that say all there is to say by being sent. Addresses are left out of the
# trail: it outlives the account.
PLAIN = {
    "account.signed_up": account.user_signed_up,
    "account.password_changed": account.password_changed,
    "account.password_set": account.password_set,
    "account.password_reset": account.password_reset,
    "account.email_added": account.email_added,
    "account.email_removed": account.email_removed,
    "account.email_changed": account.email_changed,
}


def _record(
    event: str, *, request: HttpRequest, user: AbstractBaseUser, **_: Any
) -> None:
    record(event, user=user, request=request)


for _event, _signal in PLAIN.items():
    _signal.connect(partial(_record, _event), weak=False, dispatch_uid=_event)


@receiver(account.user_logged_in)
def _signed_in(request: HttpRequest, user: AbstractBaseUser, **_: Any) -> None:
    records = get_authentication_records(request, user)
    methods = [str(entry.get("type") or entry.get("method")) for entry in records]
    record("account.signed_in", user=user, request=request, methods=methods)


@receiver(user_login_failed)
def _refused(
    credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Record a wrong password: of a stranger, or of a user who is asked again."""
    visitor = getattr(request, "user", None)
    if visitor is not None and visitor.is_authenticated:
        record("account.reauthentication_failed", user=visitor, request=request)
        return
    typed = credentials.get("email") or credentials.get("username") or ""
    # What was typed is not kept: users type passwords into the wrong field.
    known = accounts_of(str(typed))
    record("account.sign_in_failed", user=next(iter(known), None), request=request)


@receiver(user_logged_out)
def _signed_out(
    request: HttpRequest | None, user: AbstractBaseUser | None, **_: Any
) -> None:
    if user is not None:
        record("account.signed_out", user=user, request=request)


@receiver(account.email_confirmed)
def _email_confirmed(
    request: HttpRequest, email_address: EmailAddress, **_: Any
) -> None:
    record("account.email_confirmed", user=email_address.user, request=request)


@receiver([mfa.authenticator_added, mfa.authenticator_reset])
def _factor_added(
    request: HttpRequest, user: AbstractBaseUser, authenticator: Any, **_: Any
) -> None:
    kind = str(authenticator.type)
    is_codes = kind == Authenticator.Type.RECOVERY_CODES
    event = "recovery_codes_generated" if is_codes else "second_factor_added"
    record(f"account.{event}", user=user, request=request, type=kind)


@receiver(mfa.authenticator_removed)
def _factor_removed(
    request: HttpRequest, user: AbstractBaseUser, authenticator: Any, **_: Any
) -> None:
    kind = str(authenticator.type)
    record("account.second_factor_removed", user=user, request=request, type=kind)


@receiver(mfa.authenticator_used)
def _factor_used(
    request: HttpRequest, user: AbstractBaseUser, authenticator: Any, **_: Any
) -> None:
    kind = str(authenticator.type)
    is_code = kind == Authenticator.Type.RECOVERY_CODES
    event = "recovery_code_used" if is_code else "second_factor_used"
    record(f"account.{event}", user=user, request=request, type=kind)


@receiver(mfa.authentication_failed)
def _factor_refused(request: HttpRequest, user: AbstractBaseUser, **_: Any) -> None:
    record("account.second_factor_failed", user=user, request=request)

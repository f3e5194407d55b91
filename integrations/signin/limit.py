"""Limit of wrong passwords and codes per account, counted in the database.

The cache counts per process while it is slow, as it is when many tries come at once.
Here each try is a row before it is checked, so that of any number at once no more
than the limit are checked, by however many processes.
"""

from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from integrations.models import SignInTry
from integrations.models.times import CLOCK_SKEW

MOST_TRIES = 5
WINDOW = timedelta(minutes=5)
SALT = "integrations.signin.limit"


def count(subject: str) -> SignInTry | None:
    """Count one more try for a subject; None if it may not be checked.

    The subject is an e-mail address, or of ``second_factor_of`` or ``session_of``.
    """
    mine = SignInTry.objects.create(address_hash=_hash(subject))
    if _recent(mine.address_hash).count() <= MOST_TRIES:
        return mine
    # Who is refused is not kept waiting longer by asking again.
    mine.delete()
    return None


def second_factor_of(user: AbstractBaseUser) -> str:
    """Return the subject of the codes by which anybody signs in as a user."""
    return f"second factor of {user.pk}"


def session_of(user: AbstractBaseUser, session_key: str | None) -> str:
    """Return the subject of all that a user who is signed in proves in one session.

    Who guesses at a sign-in must not lock that session out of changing the account.
    """
    return f"proofs of {user.pk} in {session_key}"


def spend(user: AbstractBaseUser, code: str) -> bool:
    """Mark a code of an authenticator app as used; False if it was used before.

    Such a code is right for longer than allauth's cache remembers it.
    """
    digits = "".join(filter(str.isdigit, code))
    mine = SignInTry.objects.create(address_hash=_hash(f"{user.pk} used {digits}"))
    return _recent(mine.address_hash).count() == 1


def forget(email: str) -> None:
    """Forget all tries for an address, whose password is a new one."""
    SignInTry.objects.filter(address_hash=_hash(email)).delete()


def _recent(address_hash: str) -> QuerySet[SignInTry]:
    now = timezone.now()
    return SignInTry.objects.filter(
        address_hash=address_hash, at__range=(now - WINDOW, now + CLOCK_SKEW)
    )


def _hash(subject: str) -> str:
    value = subject.strip().lower()
    return salted_hmac(SALT, value, algorithm="sha256").hexdigest()

"""Limit of wrong passwords per address, counted in the database.

The cache counts per process while it is slow, as it is when many tries come at once.
Here each try is a row before it is checked, so that of any number at once no more
than the limit are checked, by however many processes.
"""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from integrations.models import SignInTry
from integrations.models.times import CLOCK_SKEW

MOST_TRIES = 5
WINDOW = timedelta(minutes=5)
SALT = "integrations.signin.limit"


def count(email: str) -> SignInTry | None:
    """Count one more try for an address; None if it may not be checked."""
    mine = SignInTry.objects.create(address_hash=_hash(email))
    if _recent(mine.address_hash).count() <= MOST_TRIES:
        return mine
    # Who is refused is not kept waiting longer by asking again.
    mine.delete()
    return None


def forget(email: str) -> None:
    """Forget all tries for an address, whose password is a new one."""
    SignInTry.objects.filter(address_hash=_hash(email)).delete()


def _recent(address_hash: str) -> QuerySet[SignInTry]:
    now = timezone.now()
    return SignInTry.objects.filter(
        address_hash=address_hash, at__range=(now - WINDOW, now + CLOCK_SKEW)
    )


def _hash(email: str) -> str:
    value = email.strip().lower()
    return salted_hmac(SALT, value, algorithm="sha256").hexdigest()

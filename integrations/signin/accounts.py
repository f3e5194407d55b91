"""Accounts of an e-mail address, and what a password opens of them."""

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.db.models import F

# Of accounts from before there could be one at most, these are tried for a password:
# the first ones, and those that were signed in to last. Each costs a whole hash.
MOST_EACH = 2


def accounts_of(email: str) -> list[User]:
    """Return the accounts that are signed in to by an address, most of the time one.

    That is the account that has proven the address. While none has, it is whoever
    opened one with it; an address that an account only wants to change to is nobody's.
    """
    email = email.strip().lower()
    proven = EmailAddress.objects.filter(email=email, verified=True)
    for address in proven.select_related("user"):
        return [address.user]
    unproven = User.objects.filter(email__iexact=email)
    first = unproven.order_by("date_joined", "pk")[:MOST_EACH]
    latest = unproven.order_by(F("last_login").desc(nulls_last=True), "-pk")
    found = {user.pk: user for user in (*first, *latest[:MOST_EACH])}
    # A database may think letters equal that are not.
    return [user for user in found.values() if user.email.lower() == email]


def is_claimed(email: str, *, besides: User | None = None) -> bool:
    """Tell whether somebody has an account by an address that they have not proven."""
    email = email.strip().lower()
    proven = EmailAddress.objects.filter(email=email, verified=True).values("user")
    others = User.objects.filter(email__iexact=email).exclude(pk__in=proven)
    return (others.exclude(pk=besides.pk) if besides else others).exists()


def account_by_password(email: str, password: str) -> User | None:
    """Return the account that an address and a password open."""
    found = accounts_of(email)
    if not found:
        # An answer must not take less time where there is nobody.
        User().set_password(password)
    return next((user for user in found if user.check_password(password)), None)

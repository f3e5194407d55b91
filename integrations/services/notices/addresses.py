"""Addresses that users gave and have not proven to be theirs."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Lower


def unproven(users: Iterable[int]) -> set[int]:
    """Return which users have an address that may be somebody else's.

    Where no mail leaves the site none is, and none could be proven.
    """
    if not settings.IS_MAIL_DELIVERED:
        return set()
    rows = EmailAddress.objects.filter(user__in=list(users), verified=False)
    own = rows.annotate(given=Lower("email")).filter(given=Lower(F("user__email")))
    return set(own.values_list("user_id", flat=True))

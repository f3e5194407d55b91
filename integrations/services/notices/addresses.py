"""Addresses that users gave and have not proven to be theirs."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.db.models import F
from django.db.models.functions import Lower


def unproven(users: Iterable[int]) -> set[int]:
    """Return which users have an address that may be somebody else's."""
    rows = EmailAddress.objects.filter(user__in=list(users), verified=False)
    own = rows.annotate(given=Lower("email")).filter(given=Lower(F("user__email")))
    return set(own.values_list("user_id", flat=True))

"""Confirmation of an e-mail address, which belongs to the session that asked for it.

Strangers can have mails sent to anybody. Who opens the link in one proves that they
read that mailbox, not that the account which asked is theirs.
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.views import ConfirmEmailView
from django.http import Http404, HttpRequest

KEY = "confirmations_asked_for"
MOST_NOTED = 10


def note(request: HttpRequest, address: EmailAddress) -> None:
    """Note in the session that it has asked for a confirmation of an address."""
    noted = [pk for pk in request.session.get(KEY, []) if pk != address.pk]
    request.session[KEY] = [*noted, address.pk][-MOST_NOTED:]


def is_expected(request: HttpRequest, address: EmailAddress) -> bool:
    """Tell whether a session has asked for a confirmation, or is of the account."""
    is_own = request.user.is_authenticated and request.user.pk == address.user_id
    return is_own or address.pk in request.session.get(KEY, [])


class ConfirmEmail(ConfirmEmailView):
    """Page of a link in a mail, which works in no session but those it is for."""

    def get_object(self, queryset: Any = None) -> Any:
        """Return the confirmation, or answer 404 as for one that there is not."""
        found = super().get_object(queryset)
        if not is_expected(self.request, found.email_address):
            raise Http404
        return found

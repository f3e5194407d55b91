"""Storage of messages to users: a cookie, which a busy database cannot keep.

A message in the session is told again by every page until its end was written.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.dispatch import receiver


class NamedCookieStorage(CookieStorage):
    """Messages in a signed cookie whose name is protected like the session's."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        """Return the name that the site's address asks for."""
        return settings.MESSAGE_COOKIE_NAME


class MessageStorage(FallbackStorage):
    """Messages in a cookie, and in the session what is too long for one."""

    storage_classes = (NamedCookieStorage, SessionStorage)

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Any], bool]:
        """Return all messages; where there is no cookie, the session may have some."""
        found: list[Any] = []
        for storage in self.storages:
            messages, _ = storage._get()  # noqa: SLF001 (as the class above does)
            if messages:
                self._used_storages.add(storage)  # type: ignore[attr-defined]
                found += messages
        return found, True


@receiver(user_logged_out)
def forget_unread(request: Any, **_: Any) -> None:
    """Leave no message of a user to whoever signs in next."""
    list(get_messages(request))

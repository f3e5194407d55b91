"""Storage of messages to users: a cookie, which a busy database cannot keep.

A message in the session is told again by every page until its end was written.
"""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class NamedCookieStorage(CookieStorage):
    """Messages in a signed cookie whose name is protected like the session's."""

    cookie_name = settings.MESSAGE_COOKIE_NAME


class MessageStorage(FallbackStorage):
    """Messages in a cookie, and in the session what is too long for one."""

    storage_classes = (NamedCookieStorage, SessionStorage)

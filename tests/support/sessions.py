"""Give a browser of the tests what allauth keeps of a proof of identity."""

import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.test import Client


def prove(client: Client, *methods: str, seconds_ago: float = 0) -> None:
    """Have a signed-in browser look as if its user had just proven who they are."""
    session = client.session
    at = time.time() - seconds_ago
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": method, "at": at} for method in methods or ("password",)
    ]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()


def key_of(client: Client) -> str:
    """Return what names the session of a browser."""
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def with_session(client: Client, key: str) -> Client:
    """Give a browser a session that was opened before."""
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    return client

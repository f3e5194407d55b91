"""Session nonce, which binds an authorization to the browser that began it."""

import secrets

from django.http import HttpRequest

KEY = "grant_nonce"


def nonce_of(request: HttpRequest) -> str:
    """Return this session's nonce, made on first use.

    It outlives the change of session id at sign-in and dies with sign-out.
    """
    nonce = request.session.get(KEY)
    if not isinstance(nonce, str):
        nonce = secrets.token_urlsafe(24)
        request.session[KEY] = nonce
    return nonce

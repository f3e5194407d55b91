"""Opaque tokens for addresses of pages: what they say is for this site alone to read.

AES-SIV makes the same token of the same text, so that a page which did not change is
the same page; what a token reveals is only that two are equal.
"""

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from integrations.services.common.sealing.crypto import key_ring

MAX_TOKEN: Final = 2000
TAG_BYTES: Final = 16


def to_token(text: str, *, purpose: str) -> str:
    """Encrypt a text into a token that a link can carry."""
    ring = key_ring()
    sealed = AESSIV(ring.subkey(ring.primary_id, purpose)).encrypt(text.encode(), None)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def from_token(token: str, *, purpose: str) -> str | None:
    """Return what a token says, None unless one of today's keys made it."""
    if not token or len(token) > MAX_TOKEN:
        return None
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(sealed) <= TAG_BYTES:
        return None
    ring = key_ring()
    for key_id in ring.keys:
        try:
            return AESSIV(ring.subkey(key_id, purpose)).decrypt(sealed, None).decode()
        except InvalidTag:
            continue
    return None

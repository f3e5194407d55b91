"""Encryption of secrets for storage: AES-256-GCM with associated data, keys by id.

A sealed text reads ``v1.<key id>.<base64url of nonce and ciphertext>``. The
associated data names table, column, row and generation, so that a ciphertext
copied into another row does not open.
"""

import base64
import binascii
import hmac
import os
import re
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from msgspec import Struct

from integrations.http.secrets import Secret

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID = re.compile(r"^[A-Za-z0-9_-]{1,32}$")
# Within so many characters a sealed text has named its key.
KEY_NAMED_WITHIN = 48


class CryptoError(Exception):
    """A secret cannot be sealed or opened; its text never shows it."""


class KeysInvalidError(CryptoError):
    """``TOKEN_KEYS`` is missing or malformed."""


class UnknownKeyError(CryptoError):
    """The key of a sealed text is not configured."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"no key with the id {key_id!r} is configured")
        self.key_id = key_id


class UnreadableError(CryptoError):
    """A sealed text was altered or moved, or is no sealed text."""


class KeyRing(Struct, frozen=True, kw_only=True):
    """Configured keys: the first one seals, all of them open."""

    keys: dict[str, bytes]

    @property
    def primary_id(self) -> str:
        """Return the id of the key that seals."""
        return next(iter(self.keys))

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read ``id:base64,id:base64``; raise KeysInvalidError naming the entry."""
        keys: dict[str, bytes] = {}
        entries = [entry.strip() for entry in re.split(r"[,\n]", text)]
        for number, entry in enumerate(filter(None, entries), start=1):
            key_id, _, encoded = entry.partition(":")
            keys[_checked_id(key_id, number, keys)] = _decoded(encoded, number)
        if not keys:
            raise KeysInvalidError("TOKEN_KEYS holds no key")
        return cls(keys=keys)

    def subkey(self, key_id: str, purpose: str) -> bytes:
        """Derive the key for one purpose; raise UnknownKeyError."""
        try:
            master = self.keys[key_id]
        except KeyError:
            raise UnknownKeyError(key_id) from None
        return _derive(master, purpose)


def _checked_id(key_id: str, number: int, taken: dict[str, bytes]) -> str:
    if not KEY_ID.match(key_id):
        raise KeysInvalidError(f"TOKEN_KEYS entry {number} has no usable id")
    if key_id in taken:
        raise KeysInvalidError(f"TOKEN_KEYS names the id {key_id!r} twice")
    return key_id


def _decoded(encoded: str, number: int) -> bytes:
    padded = encoded.strip() + "=" * (-len(encoded.strip()) % 4)
    try:
        key = base64.b64decode(
            padded.translate(str.maketrans("-_", "+/")), validate=True
        )
    except (binascii.Error, ValueError):
        raise KeysInvalidError(f"TOKEN_KEYS entry {number} is not base64") from None
    if len(key) != KEY_BYTES:
        raise KeysInvalidError(
            f"TOKEN_KEYS entry {number} must hold {KEY_BYTES} bytes, not {len(key)}"
        )
    return key


@lru_cache(maxsize=64)
def _derive(master: bytes, purpose: str) -> bytes:
    hkdf = HKDF(
        algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()
    )
    return hkdf.derive(master)


@lru_cache(maxsize=4)
def _parsed(text: str) -> KeyRing:
    return KeyRing.parse(text)


def key_ring() -> KeyRing:
    """Return the configured keys; raise KeysInvalidError."""
    return _parsed(settings.TOKEN_KEYS.reveal())


def associated_data(table: str, column: str, row: object, generation: int = 0) -> str:
    """Return the associated data that binds a sealed text to its column and row."""
    return f"{table}|{column}|{row}|{generation}"


def seal(secret: Secret, *, purpose: str, associated_data: str) -> str:
    """Encrypt a secret, bound to its associated data; raise KeysInvalidError."""
    ring = key_ring()
    key_id = ring.primary_id
    nonce = os.urandom(NONCE_BYTES)
    cipher = AESGCM(ring.subkey(key_id, purpose))
    sealed = cipher.encrypt(nonce, secret.reveal().encode(), associated_data.encode())
    return f"v1.{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, purpose: str, associated_data: str) -> Secret:
    """Decrypt a sealed text; raise UnknownKeyError or UnreadableError."""
    key_id, payload = _split(sealed)
    cipher = AESGCM(key_ring().subkey(key_id, purpose))
    try:
        clear = cipher.decrypt(
            payload[:NONCE_BYTES], payload[NONCE_BYTES:], associated_data.encode()
        )
        return Secret(clear.decode())
    except (InvalidTag, UnicodeDecodeError):
        raise UnreadableError("a sealed text does not match its row or key") from None


def known_prefixes() -> tuple[str, ...]:
    """Return how a text begins that one of today's keys sealed."""
    return tuple(f"v1.{key_id}." for key_id in key_ring().keys)


def key_id_of_start(start: str) -> str:
    """Return the id of the key that sealed a text of which this is the beginning."""
    _, _, rest = start.partition(".")
    return rest.partition(".")[0]


def key_id_of(sealed: str) -> str:
    """Return the id of the key that sealed a text; raise UnreadableError."""
    return _split(sealed)[0]


def _split(sealed: str) -> tuple[str, bytes]:
    parts = sealed.split(".")
    if len(parts) != 3 or parts[0] != "v1" or not KEY_ID.match(parts[1]):
        raise UnreadableError("this is no sealed text")
    try:
        payload = base64.urlsafe_b64decode(parts[2])
    except (binascii.Error, ValueError):
        raise UnreadableError("a sealed text is damaged") from None
    if len(payload) <= NONCE_BYTES:
        raise UnreadableError("a sealed text is too short")
    return parts[1], payload


def fingerprint(secret: Secret) -> str:
    """Return a short keyed digest that tells secrets apart without showing them.

    Keyed with the last configured key, which rotation leaves in place longest, so
    that prints made before and after a new first key agree while both are there.
    """
    ring = key_ring()
    key = ring.subkey(next(reversed(ring.keys)), "fingerprint")
    return hmac.new(key, secret.reveal().encode(), sha256).hexdigest()[:12]

"""Bundle: a text file of records, encrypted one by one by a passphrase.

The first line is the header, JSON in clear: format, key derivation and its salt. Each
line after it is base64 of one JSON object, encrypted with AES-256-GCM. The nonce is
the line's number and whether it is the last, the associated data is the header line:
no line can be altered, moved, left out or cut off without being noticed. The last
object holds how many records there are. docs/operations.md describes it for others.
"""

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from integrations.http.secrets import Secret

FORMAT = "mooring-connections"
VERSION = 1
SHORTEST_PASSPHRASE = 12
SALT_BYTES, KEY_BYTES = 16, 32
# scrypt takes 128 MB and half a second. A header asks for it before anything in it is
# proven, so a reader takes no more than twice that, and nothing easier to guess.
COST, BLOCKS = 2**17, 8
LEAST_COST, MOST_COST = 2**17, 2**18
LONGEST_LINE = 8 * 1024 * 1024
# Of AES-GCM.
TAG_BYTES = 16


class BundleError(Exception):
    """A bundle cannot be read; the text says why, and shows nothing of it."""


class PassphraseTooShortError(Exception):
    """A passphrase could be guessed."""


def check_passphrase(passphrase: Secret) -> None:
    """Raise PassphraseTooShortError for one that could be guessed."""
    if len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
        raise PassphraseTooShortError


def _cipher(passphrase: Secret, salt: bytes, cost: int) -> AESGCM:
    scrypt = Scrypt(salt=salt, length=KEY_BYTES, n=cost, r=BLOCKS, p=1)
    return AESGCM(scrypt.derive(passphrase.reveal().encode()))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return bytes([int(is_last)]) + number.to_bytes(11, "big")


def has_room(record: Mapping[str, Any]) -> bool:
    """Tell whether a record makes a line that can be read again."""
    sealed = len(json.dumps(record).encode()) + TAG_BYTES
    return (sealed + 2) // 3 * 4 + len("\n") <= LONGEST_LINE


class BundleWriter:
    """Writer of a bundle; one that is never finished can never be read."""

    def __init__(self, file: BinaryIO, passphrase: Secret) -> None:
        check_passphrase(passphrase)
        salt = os.urandom(SALT_BYTES)
        header = {
            "format": FORMAT,
            "version": VERSION,
            "kdf": "scrypt",
            "cost": COST,
            "salt": base64.b64encode(salt).decode(),
        }
        self._file = file
        self._header = json.dumps(header).encode()
        self._cipher = _cipher(passphrase, salt, COST)
        self._count = 0
        file.write(self._header + b"\n")

    def add(self, record: Mapping[str, Any]) -> None:
        """Write one record, and see that the disk has it."""
        self._write(record, is_last=False)
        self._count += 1

    def finish(self) -> None:
        """Write the end, without which the bundle is refused as cut off."""
        self._write({"records": self._count}, is_last=True)

    def _write(self, record: Mapping[str, Any], *, is_last: bool) -> None:
        sealed = self._cipher.encrypt(
            _nonce(self._count, is_last=is_last),
            json.dumps(record).encode(),
            self._header,
        )
        self._file.write(base64.b64encode(sealed) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def read_bundle(file: BinaryIO, passphrase: Secret) -> Iterator[dict[str, Any]]:
    """Yield the records of a bundle as they are read; raise BundleError.

    That nothing is missing is known when it ends: read it once before any of it is
    used.
    """
    header = _line(file)
    cipher, number = _open_header(header, passphrase), 0
    while line := _line(file):
        record, is_last = _decrypt(cipher, header, line, number)
        if is_last:
            if record.get("records") != number or file.read(1):
                raise BundleError("there is something behind the end of the bundle")
            return
        yield record
        number += 1
    raise BundleError("the bundle is cut off: its end is missing")


def _line(file: BinaryIO) -> bytes:
    line = file.readline(LONGEST_LINE + 1)
    if len(line) > LONGEST_LINE:
        raise BundleError("this is no bundle of connections")
    return line.rstrip(b"\r\n")


def _open_header(line: bytes, passphrase: Secret) -> AESGCM:
    try:
        header = json.loads(line)
        is_ours = header["format"] == FORMAT
        version, kdf, cost = header["version"], header["kdf"], header["cost"]
        salt = base64.b64decode(header["salt"], validate=True)
    except (ValueError, TypeError, KeyError):
        raise BundleError("this is no bundle of connections") from None
    if not is_ours:
        raise BundleError("this is no bundle of connections")
    if version != VERSION or kdf != "scrypt":
        raise BundleError("the bundle was written by another version of Mooring")
    is_power = isinstance(cost, int) and cost & (cost - 1) == 0
    is_fair = is_power and LEAST_COST <= cost <= MOST_COST
    if not is_fair or len(salt) != SALT_BYTES:
        raise BundleError("the header of the bundle is damaged")
    return _cipher(passphrase, salt, cost)


def _decrypt(
    cipher: AESGCM, header: bytes, line: bytes, number: int
) -> tuple[dict[str, Any], bool]:
    for is_last in (False, True):
        try:
            sealed = base64.b64decode(line, validate=True)
            nonce = _nonce(number, is_last=is_last)
            record = json.loads(cipher.decrypt(nonce, sealed, header))
        except (InvalidTag, binascii.Error, ValueError):
            continue
        return dict(record), is_last
    if number == 0:
        raise BundleError("the passphrase is wrong, or the bundle is damaged")
    raise BundleError(f"record {number + 1} of the bundle is damaged")

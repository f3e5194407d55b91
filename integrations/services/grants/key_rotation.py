"""Seal everything stored anew with the first key, online and resumable.

Each row is written only if it still holds what was read: a refresh that comes in
between has sealed with the first key anyway.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import models
from msgspec import Struct, field

from integrations.http.secrets import Secret
from integrations.models import (
    Credential,
    ImportRow,
    PendingRevocation,
    SuspendedSignInMethod,
)
from integrations.services.common.sealing import crypto, import_content, mfa
from integrations.services.grants import credentials, revocation

CHUNK = 200
UNREADABLE = "(unreadable)"
# Where allauth keeps what is secret in a second factor.
MFA_KEYS = ("secret", "seed")


class Sealed(Struct, frozen=True, kw_only=True):
    """Sealed text: where it is stored, and what it was sealed with."""

    row: models.Model
    column: str
    text: str
    purpose: str
    associated_data: str
    write: Callable[[str, str], bool]

    def open(self) -> Secret:
        """Decrypt it; raise CryptoError."""
        return crypto.unseal(
            self.text, purpose=self.purpose, associated_data=self.associated_data
        )

    def reseal(self) -> bool:
        """Seal it with the first key, unless somebody else just did; say whether."""
        new = crypto.seal(
            self.open(), purpose=self.purpose, associated_data=self.associated_data
        )
        return self.write(self.text, new)


class Count(Struct, kw_only=True):
    """Sealed texts by the id of their key, and by table those that do not open."""

    by_key: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)


def _write_column(row: models.Model, column: str) -> Callable[[str, str], bool]:
    def write(old: str, new: str) -> bool:
        rows = type(row)._default_manager.filter(pk=row.pk, **{column: old})  # noqa: SLF001
        return bool(rows.update(**{column: new}))

    return write


def sealed_texts() -> Iterator[Sealed]:
    """Yield every sealed text that outlives a few minutes."""
    for credential in Credential.objects.order_by("pk").iterator(CHUNK):
        for column in ("access_token", "refresh_token"):
            text = getattr(credential, column)
            if text:
                yield Sealed(
                    row=credential,
                    column=column,
                    text=text,
                    purpose=credentials.PURPOSE,
                    associated_data=credentials.associated_data(
                        column, credential.connection_id, credential.generation
                    ),
                    write=_write_column(credential, column),
                )
    for pending in PendingRevocation.objects.order_by("pk").iterator(CHUNK):
        yield Sealed(
            row=pending,
            column="token",
            text=pending.token,
            purpose=revocation.PURPOSE,
            associated_data=revocation.associated_data(pending),
            write=_write_column(pending, "token"),
        )
    yield from _second_factors()
    for row in ImportRow.objects.exclude(content="").order_by("pk").iterator(CHUNK):
        yield Sealed(
            row=row,
            column="content",
            text=row.content,
            purpose=import_content.PURPOSE,
            associated_data=import_content.associated_data(row),
            write=_write_column(row, "content"),
        )


def _second_factors() -> Iterator[Sealed]:
    for factor in (
        *Authenticator.objects.order_by("pk").iterator(CHUNK),
        *SuspendedSignInMethod.objects.order_by("pk").iterator(CHUNK),
    ):
        for key in MFA_KEYS:
            text = factor.data.get(key)
            if isinstance(text, str) and text:
                yield Sealed(
                    row=factor,
                    column=key,
                    text=text,
                    purpose=mfa.PURPOSE,
                    associated_data=mfa.ASSOCIATED_DATA,
                    write=_write_factor(factor, key),
                )


def _write_factor(
    factor: Authenticator | SuspendedSignInMethod, key: str
) -> Callable[[str, str], bool]:
    def write(_old: str, new: str) -> bool:
        rows = type(factor)._default_manager  # noqa: SLF001
        unchanged = rows.filter(pk=factor.pk, data=factor.data)
        data: dict[str, Any] = {**factor.data, key: new}
        if not unchanged.update(data=data):
            return False
        factor.data = data
        return True

    return write


def _key_id(text: str) -> str:
    try:
        return crypto.key_id_of(text)
    except crypto.UnreadableError:
        return UNREADABLE


def count() -> Count:
    """Open every sealed text, one after the other, and count what came of it."""
    counted = Count()
    for sealed in sealed_texts():
        counted.by_key[_key_id(sealed.text)] += 1
        try:
            sealed.open()
        except crypto.CryptoError:
            counted.unreadable[str(sealed.row._meta.verbose_name)] += 1  # noqa: SLF001
    return counted


def rotate(*, on_row: Callable[[], None]) -> tuple[int, int]:
    """Seal with the first key whatever another one sealed; return (done, failed)."""
    primary = crypto.key_ring().primary_id
    done = failed = 0
    for sealed in sealed_texts():
        on_row()
        if _key_id(sealed.text) == primary:
            continue
        try:
            # Not written means that somebody sealed it anew in this moment.
            done += sealed.reseal()
        except crypto.CryptoError:
            failed += 1
    return done, failed

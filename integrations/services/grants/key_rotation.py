"""Seal everything stored anew with the first key, online and resumable.

Each row is written only if it still holds what was read: a refresh that comes in
between has sealed with the first key anyway.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import models

from integrations.models import Credential, PendingRevocation, SuspendedSignInMethod
from integrations.services.common import crypto, mfa
from integrations.services.grants import credentials, revocation

CHUNK = 200
UNREADABLE = "(unreadable)"
# Where allauth keeps what is secret in a second factor.
MFA_KEYS = ("secret", "seed")


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """Sealed text: where it is stored, and how it is sealed again."""

    row: models.Model
    column: str
    text: str
    reseal: Callable[[str], str]
    write: Callable[[str, str], bool]


def _write_column(row: models.Model, column: str) -> Callable[[str, str], bool]:
    def write(old: str, new: str) -> bool:
        rows = type(row)._default_manager.filter(pk=row.pk, **{column: old})  # noqa: SLF001
        return bool(rows.update(**{column: new}))

    return write


def _moved(purpose: str, associated_data: str) -> Callable[[str], str]:
    def reseal(text: str) -> str:
        secret = crypto.unseal(text, purpose=purpose, associated_data=associated_data)
        return crypto.seal(secret, purpose=purpose, associated_data=associated_data)

    return reseal


def sealed_texts() -> Iterator[Sealed]:
    """Yield every sealed text that outlives a few minutes."""
    for credential in Credential.objects.order_by("pk").iterator(CHUNK):
        for column in ("access_token", "refresh_token"):
            text = getattr(credential, column)
            if text:
                associated_data = credentials.associated_data(
                    column, credential.connection_id, credential.generation
                )
                yield Sealed(
                    row=credential,
                    column=column,
                    text=text,
                    reseal=_moved(credentials.PURPOSE, associated_data),
                    write=_write_column(credential, column),
                )
    for pending in PendingRevocation.objects.order_by("pk").iterator(CHUNK):
        yield Sealed(
            row=pending,
            column="token",
            text=pending.token,
            reseal=_moved(revocation.PURPOSE, revocation.associated_data(pending)),
            write=_write_column(pending, "token"),
        )
    yield from _second_factors()


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
                    reseal=_moved(mfa.PURPOSE, mfa.ASSOCIATED_DATA),
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


def count() -> Counter[str]:
    """Count the sealed texts by the id of their key."""
    return Counter(_key_id(sealed.text) for sealed in sealed_texts())


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
            done += sealed.write(sealed.text, sealed.reseal(sealed.text))
        except crypto.CryptoError:
            failed += 1
    return done, failed

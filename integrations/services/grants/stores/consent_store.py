"""Store of consents between the provider's answer and a row: sealed, in files.

A grant comes once. Its file is written as the next step after the answer, and locked
by whoever works on it until a row has the grant or an order to revoke it. The next
sweep finds what a process leaves behind because it died or the database is away.
"""

import json
import logging
import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO
from uuid import uuid4

from django.conf import settings
from msgspec import Struct
from msgspec.structs import asdict

from integrations.http.secrets import Secret
from integrations.oauth.tokens import TokenSet
from integrations.providers.records import RemoteAccount
from integrations.services.common import durable_file
from integrations.services.common.sealing import crypto

logger = logging.getLogger(__name__)

PURPOSE = "consent"
SUFFIX = ".consent"
UNREADABLE = (ValueError, KeyError, TypeError, crypto.UnreadableError)


class Consent(Struct, frozen=True, kw_only=True):
    """Grant that no row holds yet, for whom it was asked, and when it was issued.

    ``user_id`` is None where it was to sign in whoever has the account, ``account``
    where the provider was not asked yet whose it is. ``plan`` is what the user says.
    """

    provider: str
    tokens: TokenSet
    issued_at: datetime
    user_id: int | None
    plan: str = ""
    account: RemoteAccount | None = None

    def to_json(self) -> str:
        """Return the text that is sealed, with the tokens in clear."""
        tokens = {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in asdict(self.tokens).items()
        }
        account = None if self.account is None else asdict(self.account)
        fields = {**asdict(self), "tokens": tokens, "account": account}
        return json.dumps({**fields, "issued_at": self.issued_at.isoformat()})

    @classmethod
    def parse(cls, text: str) -> "Consent":
        """Read what ``to_json`` wrote; raises one of UNREADABLE."""
        fields = json.loads(text)
        issued_at = datetime.fromisoformat(fields["issued_at"])
        tokens, account = _with_tuple(fields["tokens"]), fields["account"]
        for name in ("access_token", "refresh_token"):
            tokens[name] = tokens[name] and Secret(tokens[name])
        told = None if account is None else RemoteAccount(**_with_tuple(account))
        found = {"tokens": TokenSet(**tokens), "account": told, "issued_at": issued_at}
        # A newer release, beside which this one still runs, may have more of them.
        known = set(cls.__struct_fields__)
        return cls(**{k: v for k, v in {**fields, **found}.items() if k in known})


def _with_tuple(fields: dict[str, Any]) -> dict[str, Any]:
    scopes = fields["scopes"]
    return {**fields, "scopes": None if scopes is None else tuple(scopes)}


class ConsentFile:
    """File of one consent, locked until it is closed."""

    def __init__(self, path: Path, file: TextIO | None = None) -> None:
        self._path = path
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def is_kept(self) -> bool:
        """Tell whether the consent would outlive this process."""
        return self._path.exists()

    def write(self, consent: Consent) -> None:
        """Write a consent; never raises, for there is no further place for it."""
        try:
            sealed = crypto.seal(
                Secret(consent.to_json()),
                purpose=PURPOSE,
                associated_data=self._associated_data(),
            )
            file = durable_file.write(self._path, sealed)
        except (OSError, TypeError, ValueError, crypto.CryptoError):
            logger.exception("consent not kept provider=%s", consent.provider)
            return
        if self._file is not None:
            self._file.close()
        self._file = file

    def read(self) -> Consent:
        """Return the consent; raises CryptoError or one of UNREADABLE."""
        sealed = crypto.unseal(
            self._path.read_text("utf-8"),
            purpose=PURPOSE,
            associated_data=self._associated_data(),
        )
        return Consent.parse(sealed.reveal())

    def delete(self) -> None:
        """Delete the file: a row has the grant, or an order to revoke it."""
        with suppress(OSError):
            self._path.unlink()

    def quarantine(self) -> None:
        """Leave what cannot be read for an operator to look at."""
        with suppress(OSError):
            self._path.replace(self._path.with_suffix(".unreadable"))

    def _associated_data(self) -> str:
        return crypto.associated_data("consent", "file", self._path.stem)


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "fallback_store"


def keep(consent: Consent) -> ConsentFile:
    """Write a consent to a file of its own, and return that."""
    file = ConsentFile(_folder() / f"{uuid4()}{SUFFIX}")
    file.write(consent)
    return file


def left_behind() -> Iterator[ConsentFile]:
    """Yield the files that nobody works on, locked, in any order.

    One that cannot be opened stands in no other's way.
    """
    paths = _paths()
    random.shuffle(paths)
    for path in paths:
        try:
            file = durable_file.open_unlocked(path)
        except OSError:
            logger.exception("consent file not opened")
            continue
        if file is not None:
            yield ConsentFile(path, file)


def count() -> int:
    """Return how many there are, those that are worked on included."""
    return len(_paths())


def _paths() -> list[Path]:
    return list(_folder().glob(f"*{SUFFIX}"))

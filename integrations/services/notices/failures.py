"""Failures to send a message: whether they are its own, its reader's or the way's."""

import smtplib
from enum import StrEnum

from msgspec import Struct

from integrations.models import Notice
from integrations.providers.typed.values import cut
from integrations.services.notices.webhook import WebhookError

# https://www.rfc-editor.org/rfc/rfc5321#section-3.8
CLOSING = 421
PERMANENT = 500
# Before any message was looked at.
OF_CONNECTION = (
    smtplib.SMTPServerDisconnected,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPNotSupportedError,
    WebhookError,
)


class Scope(StrEnum):
    """What will fail likewise: this message, all to this reader, or all this way."""

    MESSAGE = "message"
    RECIPIENT = "recipient"
    CHANNEL = "channel"


class Failure(Struct, frozen=True, kw_only=True):
    """Why a message was not sent, in words that name no address."""

    scope: Scope
    text: str

    @classmethod
    def of(cls, exc: Exception) -> "Failure":
        """Return what an exception means for this message and for others."""
        if isinstance(exc, smtplib.SMTPRecipientsRefused):
            return _refused([code for code, _ in exc.recipients.values()])
        told = str(exc) if isinstance(exc, WebhookError) else type(exc).__name__
        code = getattr(exc, "smtp_code", None)
        text = f"{told} {code}" if code else told
        is_smtp = isinstance(exc, smtplib.SMTPException)
        is_network = isinstance(exc, OSError) and not is_smtp
        is_away = is_network or isinstance(exc, OF_CONNECTION) or code == CLOSING
        scope = Scope.CHANNEL if is_away else Scope.MESSAGE
        return cls(scope=scope, text=cut(text, 200))


def _refused(codes: list[int]) -> Failure:
    told = ", ".join(str(code) for code in sorted(set(codes)))
    text = cut(f"{Notice.REFUSED}, {told}", 200)
    if CLOSING in codes:
        return Failure(scope=Scope.CHANNEL, text=text)
    is_final = bool(codes) and min(codes) >= PERMANENT
    return Failure(scope=Scope.RECIPIENT if is_final else Scope.MESSAGE, text=text)

"""Mail servers that a test needs."""

import smtplib
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

from django.core.mail.backends.base import BaseEmailBackend


class RefusingBackend(BaseEmailBackend):
    """Hang up before a message is taken."""

    def send_messages(self, email_messages: Any) -> NoReturn:
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


class PickyBackend(BaseEmailBackend):
    """Take mail for everybody but those whose address begins with ``bob``."""

    taken: ClassVar[list[str]] = []
    refusal: ClassVar[Exception | None] = None
    meanwhile: ClassVar[Callable[[], object] | None] = None

    def send_messages(self, email_messages: Any) -> int:
        while_sending, PickyBackend.meanwhile = PickyBackend.meanwhile, None
        if while_sending is not None:
            while_sending()
        for message in email_messages:
            (to,) = message.to
            if to.startswith("bob"):
                told = {to: (550, b"no such user")}
                raise self.refusal or smtplib.SMTPRecipientsRefused(told)
            self.taken.append(to)
        return len(email_messages)

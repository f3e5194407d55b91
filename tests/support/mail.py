"""Mail servers that a test needs."""

import smtplib
from typing import Any, NoReturn

from django.core.mail.backends.base import BaseEmailBackend


class RefusingBackend(BaseEmailBackend):
    """Hang up before a message is taken."""

    def send_messages(self, email_messages: Any) -> NoReturn:
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

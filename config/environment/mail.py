"""EMAIL_URL in Django's terms."""

from urllib.parse import unquote

from msgspec import Struct

from config.environment.address import split_address
from config.environment.env import Environment

# Backends of Django by the scheme that asks for them.
BACKENDS = {
    "smtp": "smtp",
    "smtp+tls": "smtp",
    "smtps": "smtp",
    "smtp+ssl": "smtp",
    "consolemail": "console",
    "dummymail": "dummy",
}


class Mail(Struct, frozen=True, kw_only=True):
    """Mail server and how to talk to it."""

    scheme: str
    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = ""

    @property
    def backend(self) -> str:
        """Return the dotted path of Django's backend."""
        return f"django.core.mail.backends.{BACKENDS[self.scheme]}.EmailBackend"

    @property
    def uses_starttls(self) -> bool:
        """Return whether a plain connection is upgraded to TLS."""
        return self.scheme in {"smtp+tls", "smtps"}

    @property
    def uses_tls(self) -> bool:
        """Return whether the connection begins with TLS."""
        return self.scheme == "smtp+ssl"

    @property
    def is_delivered(self) -> bool:
        """Return whether anything is delivered to anybody."""
        return BACKENDS[self.scheme] == "smtp"


def read_mail(env: Environment, *, default: str) -> Mail:
    """Return the mail server; ``EMAIL_URL`` is like smtp+tls://user:word@host:587."""
    try:
        return _parse(env.text("EMAIL_URL", default))
    except ValueError:
        env.refuse(
            "E008",
            "EMAIL_URL",
            "is not the address of a mail server.",
            "Write smtp+tls://user:password@host:587.",
        )
        return _parse(default)


def _parse(url: str) -> Mail:
    parts = split_address(url)
    if parts.scheme not in BACKENDS:
        raise ValueError("no such scheme")
    return Mail(
        scheme=parts.scheme,
        host=parts.hostname or "localhost",
        port=parts.port or 25,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )

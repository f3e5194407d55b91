"""Turn EMAIL_URL into Django's terms."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from config.env import Environment

SILENT = ("console", "dummy", "locmem", "filebased")


def read_mail(env: Environment, *, default: str) -> dict[str, Any]:
    """Return the mail settings; ``EMAIL_URL`` is like smtp+tls://user:word@host:587."""
    try:
        mail = Env.email_url_config(env.text("EMAIL_URL", default))
    except (ImproperlyConfigured, ValueError):
        env.refuse(
            "E008",
            "EMAIL_URL",
            "is not the address of a mail server.",
            "Write smtp+tls://user:password@host:587.",
        )
        mail = Env.email_url_config(default)
    return {name: value for name, value in mail.items() if value is not None}


def reaches_people(backend: str) -> bool:
    """Tell whether a mail backend delivers anything to anybody."""
    return not any(f".{word}." in backend for word in SILENT)

"""Logging set-up: one line per event, UTC, secrets masked at every level."""

import logging
from typing import Any

FORMS = ("text", "json")
# Loggers that bring handlers or a level of their own: they all go to the root.
PLAIN = (
    "celery",
    "django",
    "django.request",
    "django.server",
    "gunicorn.error",
)
# What these say below a warning is for those who look for a fault: LOG_LEVEL=DEBUG.
CHATTY = (
    # A line for every tick of the schedule; what a task does it logs itself.
    "celery.app.trace",
    "celery.beat",
    "celery.worker.strategy",
)
# Of use to nobody at any level.
HUSHED = {
    # Addresses of OAuth callbacks carry codes; nobody needs a line for each page.
    "gunicorn.access": "WARNING",
    # Wire-level chatter is where secrets pass by.
    "urllib3": "INFO",
    "django.db.backends": "INFO",
    "django.template": "INFO",
}
REFUSED_HOSTS = "django.security.DisallowedHost"
MOST_HOSTS = 100


class RefusedHostFilter(logging.Filter):
    """Say once of each host that it was refused; strangers can make up any number."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written, which has no traceback then.

        Django's message names the host, and ALLOWED_HOSTS, where it might be added.
        """
        if record.name != REFUSED_HOSTS:
            return True
        message = record.getMessage()[:300]
        if message in self._said or len(self._said) > MOST_HOSTS:
            return False
        self._said.add(message)
        if len(self._said) > MOST_HOSTS:
            message = "More hosts are refused, and not named here (ALLOWED_HOSTS)."
        record.msg, record.args = "%s", (message,)
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def logging_config(
    level: str, form: str = "text", *, reports: bool = False
) -> dict[str, Any]:
    """Return the logging set-up for every process: web, worker, beat, command.

    ``reports`` says that errors are reported to Sentry as well.
    """
    levels = {
        **dict.fromkeys(PLAIN, level),
        **dict.fromkeys(CHATTY, level if level == "DEBUG" else "WARNING"),
        **HUSHED,
    }
    # Whoever looks for a fault wants every traceback of an outage.
    outages = [] if level == "DEBUG" else ["outages"]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "outages": {"()": "config.monitoring.outages.OutageFilter"},
            "refused_hosts": {"()": "config.monitoring.logs.RefusedHostFilter"},
        },
        "formatters": {
            "text": {
                "()": "integrations.http.observability.redaction.RedactingFormatter"
            },
            "json": {"()": "integrations.http.observability.redaction.JsonFormatter"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["refused_hosts", *outages],
            },
            **(
                {"sentry": {"()": "config.monitoring.sentry.SentryHandler"}}
                if reports
                else {}
            ),
        },
        "root": {
            # In this order: what the first one holds back is not reported.
            "handlers": ["console", *(["sentry"] if reports else [])],
            "level": level,
        },
        "loggers": {
            name: {"handlers": [], "level": higher(own, level), "propagate": True}
            for name, own in levels.items()
        },
    }


def higher(one: str, other: str) -> str:
    """Return the level of the two that lets less through."""
    numbers = logging.getLevelNamesMapping()
    return max(one, other, key=lambda name: numbers[name])

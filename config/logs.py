"""Logging set-up: one line per event, UTC, secrets masked at every level."""

import logging
from typing import Any

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
    # Strangers with a wrong Host header get their 400 without a traceback here.
    "django.security.DisallowedHost": "CRITICAL",
}


def logging_config(level: str) -> dict[str, Any]:
    """Return the logging set-up for every process: web, worker, beat, command."""
    levels = {
        **dict.fromkeys(PLAIN, level),
        **dict.fromkeys(CHATTY, level if level == "DEBUG" else "WARNING"),
        **HUSHED,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "integrations.http.redaction.RedactingFormatter"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line"},
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            name: {"handlers": [], "level": higher(own, level), "propagate": True}
            for name, own in levels.items()
        },
    }


def higher(one: str, other: str) -> str:
    """Return the level of the two that lets less through."""
    numbers = logging.getLevelNamesMapping()
    return max(one, other, key=lambda name: numbers[name])

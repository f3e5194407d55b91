"""Describe the logs: one line per event, UTC, secrets masked at every level."""

from typing import Any


def logging_config(level: str) -> dict[str, Any]:
    """Return the logging set-up for every process: web, worker, beat, command."""
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
            name: {"handlers": [], "level": lowest or level, "propagate": True}
            for name, lowest in _LIBRARIES.items()
        },
    }


# Loggers that bring handlers or a level of their own: they all go to the root.
_LIBRARIES = {
    "celery": "",
    "django": "",
    "django.request": "",
    "django.server": "",
    # Addresses of OAuth callbacks carry codes; nobody needs a line for each page.
    "gunicorn.access": "WARNING",
    "gunicorn.error": "",
    # Wire-level chatter is of use to nobody, and it is where secrets pass by.
    "urllib3": "INFO",
    "django.db.backends": "INFO",
    "django.template": "INFO",
}

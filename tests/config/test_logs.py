"""Test what reaches the log at which level."""

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest

from config.env import LOG_LEVELS
from config.logs import logging_config


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Return what the console handler writes, and put logging back afterwards."""
    root, names = logging.getLogger(), logging_config("INFO")["loggers"]
    before = (root.level, root.handlers[:])
    levels = {name: logging.getLogger(name).level for name in names}
    yield io.StringIO()
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def configure(level: str, stream: io.StringIO) -> None:
    config = logging_config(level)
    config["handlers"]["console"]["stream"] = stream
    logging.config.dictConfig(config)


def test_a_secret_is_masked_even_when_a_library_says_it_at_debug(
    written: io.StringIO,
) -> None:
    configure("DEBUG", written)

    logging.getLogger("celery.app.trace").debug("got access_token=%s", "abc123456789")
    logging.getLogger("urllib3.connectionpool").debug("GET /?code=abc123456789")

    assert "access_token=***" in written.getvalue()
    assert "abc123456789" not in written.getvalue()


def test_the_ticks_of_the_schedule_are_for_debugging_only(
    written: io.StringIO,
) -> None:
    configure("INFO", written)

    logging.getLogger("celery.app.trace").info("Task sweep succeeded")
    logging.getLogger("gunicorn.access").info("GET /")

    assert written.getvalue() == ""


@pytest.mark.parametrize("level", LOG_LEVELS)
def test_no_logger_says_more_than_was_asked_for(level: str) -> None:
    asked = logging.getLevelNamesMapping()[level]

    for logger in logging_config(level)["loggers"].values():
        assert logging.getLevelNamesMapping()[logger["level"]] >= asked

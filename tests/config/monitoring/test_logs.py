"""Test what reaches the log at which level."""

import logging

import pytest
from django.test import Client, override_settings

from config.environment.env import LOG_LEVELS
from config.monitoring.logs import MOST_HOSTS, logging_config
from tests.config.monitoring.logging_set_up import Log


def test_a_secret_is_masked_even_when_a_library_says_it_at_debug() -> None:
    with Log("DEBUG") as log:
        logging.getLogger("celery.app.trace").debug("got access_token=%s", "abc1234567")
        logging.getLogger("urllib3.connectionpool").debug("GET /?code=abc1234567")

    assert "access_token=***" in log.text
    assert "abc1234567" not in log.text


def test_the_ticks_of_the_schedule_are_for_debugging_only() -> None:
    with Log("INFO") as log:
        logging.getLogger("celery.app.trace").info("Task sweep succeeded")
        logging.getLogger("gunicorn.access").info("GET /")

    assert log.text == ""


@override_settings(ALLOWED_HOSTS=["mooring.example.com"])
def test_a_host_that_is_refused_is_named_once_with_the_setting_that_mends_it(
    client: Client,
) -> None:
    with Log("INFO") as log:
        for _ in range(3):
            answer = client.get("/", headers={"host": "other.example.com"})

    assert answer.status_code == 400
    (line,) = log.lines
    assert "WARNING" in line
    assert "'other.example.com'" in line
    assert "ALLOWED_HOSTS" in line


@override_settings(ALLOWED_HOSTS=["mooring.example.com"])
def test_strangers_who_make_up_hosts_fill_neither_log_nor_memory(
    client: Client,
) -> None:
    with Log("INFO") as log:
        for number in range(MOST_HOSTS + 50):
            client.get("/", headers={"host": f"h{number}.example.com"})

    assert len(log.lines) == MOST_HOSTS + 1
    assert "More hosts are refused" in log.lines[-1]


@pytest.mark.parametrize("level", LOG_LEVELS)
def test_no_logger_says_more_than_was_asked_for(level: str) -> None:
    asked = logging.getLevelNamesMapping()[level]

    for logger in logging_config(level)["loggers"].values():
        assert logging.getLevelNamesMapping()[logger["level"]] >= asked

"""Request ids: one for each page, on its lines, its tasks and its error page."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.test import Client

from config.environment.env import LOG_LEVELS
from config.monitoring.logs import FORMS
from integrations import tasks
from integrations.http.observability import trace
from integrations.services.common import queue
from integrations.services.upkeep import health, schedule
from tests.config.monitoring.logging_set_up import Log

logger = logging.getLogger("integrations.test")
SECRET = "abc1234567XYZ"


def test_each_answer_has_an_id_of_its_own_and_not_the_one_that_was_sent(
    client: Client,
) -> None:
    sent = {"x-request-id": "made-up"}
    ids = [client.get("/health/live", headers=sent)[trace.HEADER] for _ in range(2)]

    assert len(set(ids)) == 2
    assert "made-up" not in ids
    assert trace.ids() == {}


def test_an_error_page_shows_the_id_that_its_lines_have(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "report", lambda: 1 / 0)
    client.raise_request_exception = False

    with Log("INFO") as log:
        answer = client.get("/health/ready")

    assert answer.status_code == 500
    own = answer[trace.HEADER]
    assert f"<code>{own}</code>" in answer.content.decode()
    assert f" request={own}" in next(line for line in log.lines if "ERROR" in line)


@pytest.fixture
def broker() -> Iterator[None]:
    """Let tasks be published to a broker of this process."""
    before = current_app.conf.broker_url
    current_app.conf.broker_url = "memory://"
    yield
    current_app.conf.broker_url = before


@pytest.mark.usefixtures("broker", "db")
def test_a_task_goes_on_with_the_id_of_the_page_that_published_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(schedule, "sweep_purges", lambda: seen.append(_current()))
    with trace.traced(trace.request_id, "of-a-page"):
        queue._publish("sweep_purges", (), 0, 0)

    with current_app.connection_for_read() as connection:
        message: Any = connection.SimpleQueue("refresh").get(block=False)
        tasks.sweep_purges.apply(headers=message.headers)
        message.ack()
    tasks.sweep_purges.apply()

    assert seen[0] == "of-a-page"
    # A tick of the schedule begins with an id of its own.
    assert seen[1] not in {"", "of-a-page"}
    assert _current() == ""


def _current() -> str:
    return trace.request_id.get()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("level", LOG_LEVELS)
def test_no_level_and_no_form_says_a_secret(level: str, form: str) -> None:
    number = logging.getLevelNamesMapping()[level]
    with Log(level, form) as log, trace.traced(trace.request_id, "0123abcd"):
        try:
            int(f"access_token={SECRET}")
        except ValueError:
            logger.log(
                number, "client_secret=%s", SECRET, exc_info=True, stack_info=True
            )

    assert log.text
    assert SECRET not in log.text
    assert "0123abcd" in log.lines[0]


def test_a_line_of_json_is_one_object_with_all_that_was_said() -> None:
    with Log("INFO", "json") as log, trace.traced(trace.run_id, "a-run"):
        logger.info("one\ntwo %s", "three")
        try:
            int("four")
        except ValueError:
            logger.exception("five")

    first, second = (json.loads(line) for line in log.lines)
    assert first["level"] == "INFO"
    assert first["logger"] == "integrations.test"
    assert first["message"] == "one\\ntwo three"
    assert first["run"] == "a-run"
    assert "ValueError: invalid literal" in second["error"].splitlines()[-1]
    assert {"time", "level", "logger", "message"} <= set(second)

"""Nothing around a call that spends something ends before it has its answer."""

import multiprocessing
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from gunicorn.config import Config

from config import celery, deadlines
from config.environment.env import Environment
from config.run import supervisor
from config.run.plan import make_plan
from config.web import busy
from integrations.services.common import shutdown
from integrations.services.grants.refresh_attempts import lease
from integrations.signin import exchange
from tests.config.test_settings import ROOT

LONGEST = deadlines.LONGEST_TOKEN_SECONDS
PROXY = (ROOT / "config/proxy/nginx.conf").read_text("utf-8")


def test_no_container_is_killed_in_the_middle_of_a_call() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    ours = {name: each for name, each in services.items() if "build" in each}

    for name, each in ours.items():
        seconds = float(each["stop_grace_period"].removesuffix("s"))
        assert seconds > deadlines.stop_seconds(LONGEST), name


def test_the_supervisor_waits_longer_than_any_process_takes() -> None:
    assert deadlines.stop_seconds(LONGEST) < deadlines.KILLED_AFTER_SECONDS


def test_the_guard_of_a_killed_supervisor_waits_as_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[dict[str, float]] = []
    monkeypatch.setattr(supervisor, "Guard", lambda **told: given.append(told))

    supervisor.Supervisor(make_plan(tmp_path, {}))

    assert given == [{"seconds": deadlines.KILLED_AFTER_SECONDS}]


def test_no_lease_and_no_task_ends_in_the_middle_of_a_call() -> None:
    assert lease.length().total_seconds() >= deadlines.stop_seconds(
        settings.TOKEN_TIMEOUT
    )
    assert lease.LONGEST.total_seconds() > LONGEST + lease.MARGIN_SECONDS
    rest = settings.CELERY_TASK_TIME_LIMIT - settings.CELERY_TASK_SOFT_TIME_LIMIT
    assert rest > settings.TOKEN_TIMEOUT + deadlines.STORING_SECONDS


def test_the_proxy_waits_for_the_longest_callback() -> None:
    callback = re.search(r"oauth2callback\$ \{[^}]*read_timeout (\d+)s", PROXY)
    assert callback is not None
    # Another try of asking, which may take two calls, and of storing may just begin.
    asking = exchange.IDENTITY_SECONDS + max(exchange.IDENTITY_PAUSES) + 2 * 30
    storing = exchange.STORING_SECONDS + max(exchange.STORING_PAUSES)

    longest = LONGEST + asking + storing + 2 * busy.ONCE_SECONDS
    assert longest <= float(callback[1])


def test_the_proxy_writes_no_addresses_down() -> None:
    assert re.search(r"(?m)^ +access_log off;", PROXY)


@pytest.mark.parametrize("timeout", ["", "120"])
def test_a_web_process_has_its_answer_before_it_ends(
    monkeypatch: pytest.MonkeyPatch, timeout: str
) -> None:
    monkeypatch.setenv("ENV_FILE", "off")
    monkeypatch.setenv("TOKEN_TIMEOUT", timeout)
    read = deadlines.token_timeout(Environment({"TOKEN_TIMEOUT": timeout}))

    conf: dict[str, Any] = runpy.run_path(str(ROOT / "config/gunicorn.conf.py"))
    taken = Config()
    taken.set("graceful_timeout", conf["graceful_timeout"])

    assert taken.graceful_timeout >= read + deadlines.STORING_SECONDS


def spend(begun: Any, end: Any) -> None:
    with shutdown.spending():
        begun.set()
        end.wait()


def test_a_worker_that_is_stopped_waits_for_what_its_children_spend() -> None:
    """Its children are told apart from it by the bytes that they share."""
    fork = multiprocessing.get_context("fork")
    begun, end = fork.Event(), fork.Event()
    late = deadlines.SHUTDOWN_SECONDS + 1
    child = fork.Process(target=spend, args=(begun, end), daemon=True)
    child.start()
    assert begun.wait(20)

    assert not celery.has_to_end(late)
    assert celery.has_to_end(deadlines.stop_seconds(settings.TOKEN_TIMEOUT))
    end.set()
    child.join(20)
    assert celery.has_to_end(late)
    assert not celery.has_to_end(1)

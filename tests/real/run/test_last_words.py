"""A test that fails tells what its processes wrote, also those that have ended."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.real.support import fixtures
from tests.real.support.processes import LAST_LINES, Running, wait_until

pytestmark = pytest.mark.real


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    """Return what starts a shell that says something, by its name."""
    started: list[Running] = []

    def begin(name: str, script: str, last: str) -> Running:
        log = tmp_path / f"{name}.log"
        command = ["sh", "-c", script]
        started.append(Running(command, log=log, environment={}, cwd=tmp_path))
        wait_until(lambda: log.read_text().endswith(f"{last}\n"), name)
        return started[-1]

    yield begin
    for each in started:
        each.kill()


def told(*, failed: bool) -> dict[str, list[str]]:
    """Return what is told with a test by the names of the logs."""
    report: Any = SimpleNamespace(failed=failed, sections=[])
    hook = fixtures.pytest_runtest_makereport()
    next(hook)
    with pytest.raises(StopIteration):
        hook.send(report)
    return {
        title.rpartition("/")[2]: text.splitlines() for title, text in report.sections
    }


def test_a_failure_tells_the_last_lines_of_each_process(start: Any) -> None:
    start("talks", "/usr/bin/seq 100; echo now DEBUG step; /bin/sleep 60", "step")
    start("dies", "echo no more", "no more").kill()

    words = told(failed=True)

    assert words["talks.log"] == [str(n) for n in range(101 - LAST_LINES, 101)]
    assert words["dies.log"] == ["no more"]
    assert told(failed=False) == {}


def test_the_next_test_tells_nothing_of_what_has_ended(start: Any) -> None:
    start("ended", "echo bye", "bye").kill()
    start("shared", "echo hello; /bin/sleep 60", "hello")

    fixtures.pytest_runtest_setup()

    assert "ended.log" not in told(failed=True)
    assert told(failed=True)["shared.log"] == ["hello"]

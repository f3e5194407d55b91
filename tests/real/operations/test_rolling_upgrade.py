"""The release before runs beside the newest one on its tables, and hands over."""

import subprocess
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from threading import Event, Thread

import pytest
import requests

from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import Running, free_ports, wait_until
from tests.real.support.stack import BASE_DIR, Stack
from tests.real.support.web_user import WebUser

pytestmark = [pytest.mark.real, pytest.mark.parametrize("database", ["postgres"])]
COUNT = "select count(*) from integrations_item where deleted_at is null"
OPEN_RUNS = "select 1 from integrations_syncrun where state <> 'finished'"
PAGES = ("/", "/connections/", "/items/", "/changes/")


def git(*words: str) -> bytes:
    return subprocess.run(
        ["git", *words], cwd=BASE_DIR, capture_output=True, check=True
    ).stdout


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """Return the code as it was before the newest migration."""
    newest = max(BASE_DIR.glob("integrations/migrations/0*.py"))
    try:
        added = git("log", "-1", "--diff-filter=A", "--format=%H", "--", str(newest))
        # One that is not committed yet makes this release the one before.
        commit = f"{added.decode().strip()}^" if added else "HEAD"
        archive = git("archive", "--format=tar", commit)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the code of the release before is in no history here")
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(tmp_path / "former", filter="data")
    return tmp_path / "former"


@pytest.fixture
def stack(make_stack: MakeStack, database: str) -> Stack:
    """Return a site whose processes of this release are not all started yet."""
    # The former code has no settings for tests that are new.
    own = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    made = make_stack(database, SWEEP_INTERVAL="2", **own)
    made.join_workers()
    made.start("valkey", "sandbox", "web")
    return made


class Former:
    """Own the processes of the release before, on the same tables and queues."""

    def __init__(self, stack: Stack, code: Path) -> None:
        [port] = free_ports(1)
        self.url = f"http://localhost:{port}"
        commands = {name: stack.commands[name] for name in ("web", "worker", "beat")}
        host = commands["web"][-1].partition(":")[0]
        commands["web"] = [*commands["web"][:-1], f"{host}:{port}"]
        self.running = {
            name: Running(
                command,
                log=stack.directory / f"former-{name}.log",
                environment=stack.plan.environment,
                cwd=code,
            )
            for name, command in commands.items()
        }
        wait_until(self.is_live, "the former release answers", seconds=90)

    def is_live(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/live", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self, name: str) -> None:
        self.running.pop(name).stop()


@pytest.fixture
def before(stack: Stack, former: Path) -> Iterator[Former]:
    made = Former(stack, former)
    yield made
    for running in made.running.values():
        running.kill()


class Visitor:
    """Ask for pages of several hosts, one after the other, all the time."""

    def __init__(self, user: WebUser, *urls: str) -> None:
        self.urls = list(urls)
        self.answers: list[tuple[str, int]] = []
        self._person, self._stop = user, Event()
        self._thread = Thread(target=self._visit)
        self._thread.start()

    def leave(self) -> None:
        self._stop.set()
        self._thread.join()

    def _visit(self) -> None:
        while not self._stop.wait(0.2):
            for url in tuple(self.urls):
                for path in PAGES:
                    answer = self._person.get(f"{url}{path}")
                    self.answers.append((f"{url}{path}", answer.status_code))


def test_two_releases_side_by_side_answer_everything_and_lose_no_work(
    stack: Stack, before: Former
) -> None:
    stack.sandbox("faults/add", kind="latency", ms=600, family="list")
    alice = stack.user("alice@example.com")
    visitor = Visitor(alice, stack.url, before.url)
    try:
        stack.user("alice@example.com").connect("hubspot")
        wait_until(lambda: stack.rows(COUNT)[0][0], "the former worker reads")
        assert stack.rows(OPEN_RUNS)

        stack.start("worker", "beat")
        for name in ("beat", "worker"):
            before.stop(name)
        stack.sandbox("calm")
        wait_until(lambda: not stack.rows(OPEN_RUNS), "the sync ends", seconds=120)
        # As its proxy does, before it ends.
        visitor.urls.remove(before.url)
    finally:
        visitor.leave()

    asked = {address for address, _ in visitor.answers}
    assert len(asked) == 2 * len(PAGES)
    assert [each for each in visitor.answers if each[1] != 200] == []
    assert stack.rows("select outcome from integrations_syncrun") == [("complete",)]
    live = stack.ask_sandbox("inventory", provider="hubspot", portal="555111")["types"]
    assert stack.rows(COUNT) == [(sum(kind["live"] for kind in live.values()),)]
    stats = stack.ask_sandbox("stats")
    assert (stats["double_spends"], stats["overlapping_spends"]) == (0, 0)
    assert stack.rows("select state from integrations_connection") == [("active",)]

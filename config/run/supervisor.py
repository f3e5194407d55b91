"""Start the processes of a plan, keep them running, and stop them all."""

import http.client
import selectors
import signal
import socket
import time
from types import FrameType
from urllib.parse import urlsplit

from config.deadlines import KILLED_AFTER_SECONDS
from config.run.child import Child
from config.run.guard import LAST_SECONDS, Guard
from config.run.plan import Plan
from config.run.simulated import Simulated
from config.run.terminal import say

START_SECONDS = 90.0
MOST_EARLY_DEATHS = 3


class StartError(Exception):
    """The site did not come up."""


def find_taken_ports(plan: Plan) -> list[str]:
    """Return one sentence for each port that somebody else listens on."""
    return [
        f"Port {process.port} is taken, and {process.name} needs it. "
        f"Stop what listens there, or choose another with {process.port_setting}."
        for process in plan.processes
        if process.port is not None and not _is_free(process.port)
    ]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Supervisor:
    """Supervisor of all children, from first start to last stop, in one thread."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._guard = Guard(seconds=KILLED_AFTER_SECONDS)
        self._children = [
            Child(
                process,
                environment=plan.environment,
                directory=plan.base_dir,
                guard=self._guard,
                say=say,
            )
            for process in plan.processes
        ]
        self._stop_signals = 0
        self._is_live = False
        self._is_ready = False
        self._simulated = Simulated(plan)

    def run(self, greeting: str) -> None:
        """Start everything, greet when site and sandbox answer, stop on a signal."""
        self._listen_for_signals()
        give_up_at = time.monotonic() + START_SECONDS
        try:
            while not self._stop_signals:
                self._start_due()
                self._wait(0.25)
                self._notice_deaths()
                is_late = time.monotonic() > give_up_at
                self._is_live = self._is_live or self._answers()
                if not self._is_live and is_late:
                    raise StartError("the site does not answer")
                if told := self._simulated.tell():
                    say("run", told)
                is_all_there = self._is_live and self._simulated.is_known
                if not self._is_ready and (is_all_there or is_late):
                    self._is_ready = True
                    say("run", greeting)
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop every child, stores last, and leave nothing behind."""
        say("run", "stopping")
        stores = [child for child in self._children if child.is_store]
        others = [child for child in self._children if not child.is_store]
        self._stop_children(others, seconds=KILLED_AFTER_SECONDS)
        self._stop_children(stores, seconds=LAST_SECONDS)
        self._guard.dismiss()
        say("run", "stopped")

    def _listen_for_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup ignores SIGHUP on purpose.
            if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:
                signal.signal(number, self._note_signal)

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_signals += 1

    def _start_due(self) -> None:
        for child in self._children:
            if child.is_due and (self._is_ready or not child.starts_last):
                child.start()

    def _wait(self, seconds: float) -> None:
        """Pass output on until the time is over; a signal cuts nothing short."""
        with selectors.DefaultSelector() as selector:
            for child in self._children:
                if child.output is not None:
                    selector.register(child.output, selectors.EVENT_READ, child)
            for key, _events in selector.select(seconds):
                key.data.forward_output()

    def _notice_deaths(self) -> None:
        for child in self._children:
            if child.has_died() and not self._is_live:
                self._give_up_on(child)

    def _give_up_on(self, child: Child) -> None:
        if child.deaths >= MOST_EARLY_DEATHS:
            raise StartError(f"{child.name} does not start; its last words are above")

    def _answers(self) -> bool:
        """Return whether the site answers; asked with the host name it expects."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._plan.web_port, timeout=1
        )
        try:
            host = urlsplit(self._plan.public_base_url).netloc
            connection.request("GET", "/health/live", headers={"Host": host})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _stop_children(self, children: list[Child], *, seconds: float) -> None:
        for child in children:
            child.terminate()
        deadline = time.monotonic() + seconds
        waiting = children
        while waiting and time.monotonic() < deadline and not self._is_urgent:
            waiting = [child for child in waiting if not child.has_stopped()]
            time.sleep(0.05)
        for child in waiting:
            child.kill()

    @property
    def _is_urgent(self) -> bool:
        return self._stop_signals > 1

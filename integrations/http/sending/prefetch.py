"""Prefetch: requests sent in the background before their answers are asked for."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future
from concurrent.futures import wait as wait_for
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Final

from integrations.http.secrets import Secret
from integrations.http.sending.transport import Response

# So many threads and answers at once for one client, and for all of a process.
MOST_AHEAD: Final = 10
MOST_IN_PROCESS: Final = 64
_places = threading.BoundedSemaphore(MOST_IN_PROCESS)


class Prefetch:
    """A request under way in a thread, and what came of it for one caller."""

    def __init__(
        self,
        url: str,
        token: Secret,
        *,
        acquire: Callable[[], float],
        send: Callable[[], Response],
    ) -> None:
        """Prepare it; `url`, `token` and `asked_at` say later what was sent and when.

        `acquire` waits for the limits and returns the seconds that it slept.
        """
        self.url = url
        self.token = token
        self.asked_at = datetime.now(UTC)
        self._acquire = acquire
        self._send = send
        self._slept = 0.0
        self._granted_at = 0.0
        self._outcome: Future[Response] = Future()

    def begin(self) -> bool:
        """Send in a thread; return False where the process has no room for one."""
        if not _places.acquire(blocking=False):
            return False
        try:
            # What is logged belongs to whoever asked. A daemon: what nobody waits for
            # must not keep a process from ending.
            run = copy_context().run
            threading.Thread(target=run, args=(self._run,), daemon=True).start()
        except RuntimeError:
            _places.release()
            return False
        return True

    def response(self) -> Response:
        """Wait for the answer; raises what waiting for limits or sending raised."""
        return self._outcome.result()

    @property
    def has_come(self) -> bool:
        """Tell whether `response` returns or raises without a wait."""
        return self._outcome.done()

    @staticmethod
    def wait_for_one(several: Iterable["Prefetch"]) -> None:
        """Wait until one of several has come; raises nothing of it."""
        outcomes = [each._outcome for each in several]  # noqa: SLF001 - its own
        wait_for(outcomes, return_when=FIRST_COMPLETED)

    def slept_since(self, asked_at: float) -> float:
        """Return how many seconds were slept for limits after a monotonic time."""
        return min(self._slept, max(0.0, self._granted_at - asked_at))

    def cancel(self) -> None:
        """Let nobody have the answer; what still waits for its limits is not sent."""
        self._outcome.cancel()

    def _run(self) -> None:
        try:
            self._answer()
        finally:
            _places.release()

    def _answer(self) -> None:
        try:
            self._slept = self._acquire()
            self._granted_at = time.monotonic()
            outcome: Response | BaseException = self._sent()
        except BaseException as exc:  # noqa: BLE001 - raised again by `response`
            outcome = exc
        if not self._outcome.set_running_or_notify_cancel():
            return
        if isinstance(outcome, BaseException):
            self._outcome.set_exception(outcome)
        else:
            self._outcome.set_result(outcome)

    def _sent(self) -> Response:
        if self._outcome.cancelled():
            raise CancelledError
        return self._send()


class Prefetches:
    """Requests under way for one client: one in each lane, and few lanes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._by_lane: dict[str, Prefetch] = {}

    def count_with(self, lane: str) -> int:
        """Return how many there are when that lane has one."""
        return len({*self._by_lane, lane})

    def has(self, lane: str, url: str) -> bool:
        """Tell whether this very request is under way."""
        known = self._by_lane.get(lane)
        return known is not None and known.url == url

    def get(self, lane: str) -> Prefetch | None:
        """Return what is under way in a lane."""
        return self._by_lane.get(lane)

    def has_room(self, lane: str) -> bool:
        """Tell whether there may be a request in that lane."""
        return self.count_with(lane) <= MOST_AHEAD

    def put(self, lane: str, prefetch: Prefetch) -> None:
        """Keep a request in place of the one that its lane had."""
        self._drop(lane)
        self._by_lane[lane] = prefetch

    def take(self, method: str, url: str, *, may_write: bool) -> Prefetch | None:
        """Return the request that a call need not send; drop what is too old for it.

        After a call that may write no answer may be used that was asked for before, and
        one without a lane serves the very next call or none.
        """
        if may_write:
            self.drop_all()
            return None
        taken = self._take_get(url) if method == "GET" else None
        self._drop("")
        return taken

    def drop_all(self) -> None:
        """Forget all requests; those that wait for their limits are not sent."""
        for lane in list(self._by_lane):
            self._drop(lane)

    def _take_get(self, url: str) -> Prefetch | None:
        lane = next((key for key, p in self._by_lane.items() if p.url == url), None)
        return None if lane is None else self._by_lane.pop(lane)

    def _drop(self, lane: str) -> None:
        dropped = self._by_lane.pop(lane, None)
        if dropped is not None:
            dropped.cancel()

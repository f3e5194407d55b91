"""Prefetch: one request sent in the background before its answer is asked for."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from integrations.http.secrets import Secret
from integrations.http.sending.transport import Response


class Prefetch:
    """A request under way in a thread, and what came of it for one caller."""

    def __init__(self, url: str, token: Secret, send: Callable[[], Response]) -> None:
        """Begin at once; `url` and `token` say later what was sent."""
        self.url = url
        self.token = token
        self._send = send
        self._outcome: Future[Response] = Future()
        # A daemon: what nobody waits for must not keep a process from ending.
        threading.Thread(target=self._run, daemon=True).start()

    def response(self) -> Response:
        """Wait for the answer; raises what sending raised."""
        return self._outcome.result()

    def _run(self) -> None:
        try:
            self._outcome.set_result(self._send())
        except BaseException as exc:  # noqa: BLE001 - raised again by `response`
            self._outcome.set_exception(exc)

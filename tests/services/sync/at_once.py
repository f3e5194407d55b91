"""Note how many requests of one kind, and of how many kinds, are under way at once."""

import re
import threading
from collections import Counter
from typing import Any

from integrations.http.sending.transport import Request, Response

# Until then everything has come that will come, on any machine.
SECONDS_TO_WAIT = 20.0


class Gate:
    """Send to the sandbox, and hold what a pattern names until ``wanted`` are there.

    The group of the pattern tells what is counted: a kind of records, or a base.
    """

    def __init__(self, sandbox: Any, pattern: str, wanted: int = 0) -> None:
        self.send, self.pattern, self.wanted = sandbox.send, pattern, wanted
        self.asked: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.most_at_once = self.most_of_one = 0
        self.changed = threading.Condition()

    def __call__(self, request: Request, *args: Any) -> Response:
        found = re.search(self.pattern, request.url)
        if found is None:
            answer: Response = self.send(request, *args)
            return answer
        with self.changed:
            self.asked[found[1]] += 1
            self.under_way[found[1]] += 1
            self.most_of_one = max(self.most_of_one, self.under_way[found[1]])
            self.most_at_once = max(self.most_at_once, len(+self.under_way))
            self.changed.notify_all()
            is_full = self.changed.wait_for(
                lambda: self.most_at_once >= self.wanted, SECONDS_TO_WAIT
            )
            # Only once is anybody waited for in vain.
            self.wanted = self.wanted if is_full else 0
        try:
            return self.answer(found[1], request, *args)
        finally:
            with self.changed:
                self.under_way[found[1]] -= 1

    def answer(self, name: str, request: Request, *args: Any) -> Response:
        """Return what the sandbox says."""
        answer: Response = self.send(request, *args)
        return answer

    def wait_for(self, name: str, pages: int) -> bool:
        """Wait until so many pages of a kind have been asked for."""
        with self.changed:
            return self.changed.wait_for(
                lambda: self.asked[name] >= pages, SECONDS_TO_WAIT
            )

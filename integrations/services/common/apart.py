"""Parts of a job of which none keeps the others from being done."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from integrations.providers.mistakes import Mistake

logger = logging.getLogger(__name__)

# After these the next part would fail likewise.
ENDING: Final = (
    InterfaceError,
    OperationalError,
    MemoryError,
    SoftTimeLimitExceeded,
)


class Apart:
    """Do each part of a job; what the first one failed by is raised in the end.

    So the others are done, and whoever looks at the job still sees that it failed. The
    log holds the type and place of each failure, and never its text.
    """

    def __init__(self, task: str) -> None:
        self._task = task
        self._first: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        exc: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        if exc is None and self._first is not None:
            raise self._first

    @contextmanager
    def part(self, **facts: object) -> Iterator[None]:
        """Do one part in a block of its own; ``facts`` name it in the log."""
        try:
            yield
        except ENDING:
            raise
        except Exception as exc:  # noqa: BLE001 - raised in the end
            logger.error(  # noqa: TRY400 - a trace may hold values
                "part failed task=%s error=%s %s",
                self._task,
                Mistake.of(exc),
                " ".join(f"{name}={value}" for name, value in facts.items()),
            )
            self._first = self._first or exc

    def count(self, steps: Mapping[str, Callable[[], int]]) -> dict[str, int]:
        """Take steps, each of which is a part; return what each counted."""
        counted: dict[str, int] = {}
        for name, step in steps.items():
            with self.part(step=name):
                counted[name] = step()
        return counted

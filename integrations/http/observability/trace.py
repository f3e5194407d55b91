"""Ids that tell which lines of the log belong together, across processes.

A request id begins with a page or a tick of the schedule and goes along with each task
that comes of it; a run id belongs to one sync, whichever tasks work on it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# The header of a page's answer, and of a task's message.
HEADER: Final = "X-Request-Id"
MESSAGE_HEADER: Final = "request_id"
request_id: ContextVar[str] = ContextVar("request_id", default="")
run_id: ContextVar[str] = ContextVar("run_id", default="")


def new_id() -> str:
    """Return an id that nobody else has."""
    return secrets.token_hex(8)


@contextmanager
def traced(variable: ContextVar[str], value: str) -> Iterator[None]:
    """Give an id to everything that is logged inside."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def ids() -> dict[str, str]:
    """Return the ids that hold now, by the names they have in the log."""
    found = {"request": request_id.get(), "run": run_id.get()}
    return {name: value for name, value in found.items() if value}

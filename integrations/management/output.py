"""Output of all commands: others' text steers no terminal and forges no line."""

import logging
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from django.core.management.base import BaseCommand, OutputWrapper
from django.db import DatabaseError

from integrations.http.observability import steering

logger = logging.getLogger(__name__)

Style = Callable[[str], str]
NO_DATABASE = "The database did not answer as it should: see `manage.py doctor`."


def printable(text: str) -> str:
    """Return a text on one line, without anything that could steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


class SafeOutput(OutputWrapper):
    """Stream that takes a line at a time, or with ``ending=""`` a piece of a file.

    Line ends inside of a line are none. What is written with a style of its own has
    been drawn already.
    """

    has_indented_lines = False

    def write(  # type: ignore[override]  # as Django's own has it
        self, msg: str = "", style_func: Style | None = None, ending: str | None = None
    ) -> None:
        """Write one line without what steers; a piece of a file keeps its line ends."""
        if style_func is None:
            msg = self._line(msg) if ending is None else steering.plain(msg)
        super().write(msg, style_func, ending)

    def _line(self, text: str) -> str:
        if not self.has_indented_lines:
            return printable(text)
        first, *more = text.split("\n")
        return "\n  ".join(map(printable, [first, *(line.strip() for line in more)]))


class ErrorOutput(SafeOutput):
    """Stream of errors, whose reasons may stand on lines of their own."""

    has_indented_lines = True


def log_failure(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log what ends a process, instead of printing it as it is."""
    if not issubclass(kind, Exception):
        sys.__excepthook__(kind, error, trace)
        return
    logger.critical("command failed", exc_info=(kind, error, trace))
    if issubclass(kind, DatabaseError):
        # Below all that, where whoever typed it looks.
        sys.stderr.write(f"{NO_DATABASE}\n")


class SafeCommand(BaseCommand):
    """Command that writes to streams on which nothing steers."""

    def __init__(
        self,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        **options: Any,
    ) -> None:
        super().__init__(stdout, stderr, **options)
        self._write_to(stdout or sys.stdout, stderr or sys.stderr)

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the command of a command line; what it fails by is logged."""
        sys.excepthook = log_failure
        super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command, with other streams where a caller gives them."""
        given = options.pop("stdout", None), options.pop("stderr", None)
        self._write_to(*given)
        return super().execute(*args, **options)

    def _write_to(self, stdout: TextIO | None, stderr: TextIO | None) -> None:
        if stdout is not None:
            self.stdout = SafeOutput(stdout)
        if stderr is not None:
            self.stderr = ErrorOutput(stderr)
            self.stderr.style_func = self.style.ERROR

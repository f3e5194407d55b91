"""Show on a terminal how far a sync has come; in a log, each step once."""

from types import TracebackType
from typing import Self

from django.core.management.base import OutputWrapper
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from integrations.management.output import printable
from integrations.management.tables import make_console
from integrations.models import Connection, SyncRun
from integrations.models.messages import wording
from integrations.models.sync.progress import CollectionProgress


class Progress:
    """Draw a bar per collection on a terminal, else print a line per change."""

    def __init__(self, connection: Connection, output: OutputWrapper) -> None:
        self.title = printable(str(connection))
        self.console = make_console(output)
        self.bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self.tasks: dict[str, TaskID] = {}
        self.states: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Begin to draw."""
        self.bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was found."""
        self.bars.stop()

    def show(self, run: SyncRun) -> None:
        """Draw what the run has noted so far."""
        for key, entry in run.entries.items():
            self._draw(key, entry)
            state = entry.state.value
            if not self.console.is_terminal and self.states.get(key) != state:
                self._print(entry)
            self.states[key] = state

    def _draw(self, key: str, entry: CollectionProgress) -> None:
        if key not in self.tasks:
            name = f"{self.title}: {printable(entry.name)}"
            self.tasks[key] = self.bars.add_task(name, total=None)
        total = entry.total if entry.state.is_open else entry.seen
        self.bars.update(self.tasks[key], completed=entry.seen, total=total)

    def _print(self, entry: CollectionProgress) -> None:
        name, text = printable(entry.name), wording.reason_text(entry.reason)
        reason = f", {text}" if text else ""
        line = f"{self.title}: {name}: {entry.state}, {entry.seen:,} read{reason}"
        self.console.print(printable(line), markup=False)

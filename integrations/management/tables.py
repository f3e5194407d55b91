"""Draw items as a table for users, a batch at a time, however many there are."""

from collections.abc import Iterable, Iterator
from io import TextIOBase
from itertools import islice
from typing import TextIO, cast

from django.core.management.base import OutputWrapper
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from integrations.management.output import printable
from integrations.models import Item
from integrations.models.messages import wording
from integrations.providers import SPECS
from integrations.services.items.relations.parents import put_parents

BATCH = 200
# Wide enough to lose nothing to a file; a terminal says its own width.
PIPE_WIDTH = 200
# Each column with its share of the width.
COLUMNS = {"Name": 8, "Type": 3, "Provider": 3, "In": 4, "Changed": 7, "Id": 5}


class Verbatim(TextIOBase):
    """Pass text on to a command's output as it is: no colour, no added line end."""

    def __init__(self, output: OutputWrapper) -> None:
        self.output = output

    def write(self, text: str) -> int:
        """Write the text and nothing else."""
        self.output.write(text, style_func=str, ending="")
        return len(text)

    def flush(self) -> None:
        """Hand on what is held back."""
        self.output.flush()

    def isatty(self) -> bool:
        """Tell whether a user is watching."""
        return self.output.isatty()


class PlainConsole(Console):
    """Leave a closed pipe to the command, which ends quietly."""

    def on_broken_pipe(self) -> None:
        """Raise the error on, instead of ending the process with a failure."""
        raise  # noqa: PLE0704 (Rich calls this while it handles the error)


def make_console(output: OutputWrapper) -> Console:
    """Return a console on a command's output; plain text if it is no terminal."""
    width = None if output.isatty() else PIPE_WIDTH
    file = cast("TextIO", Verbatim(output))
    return PlainConsole(file=file, width=width, highlight=False)


def print_items(items: Iterable[Item], output: OutputWrapper) -> int:
    """Print items under one heading; return how many there were."""
    console, rows, count = make_console(output), iter(items), 0
    while batch := list(islice(rows, BATCH)):
        put_parents(batch)
        console.print(_table(batch, console.width, has_heading=count == 0))
        count += len(batch)
    console.print(f"{count:,} item{'' if count == 1 else 's'}")
    return count


def _table(items: list[Item], width: int, *, has_heading: bool) -> Table:
    """Draw one batch; fixed widths let the batches line up as one table."""
    table = Table(box=box.SIMPLE_HEAD, show_header=has_heading, show_edge=False)
    shares = sum(COLUMNS.values())
    room = width - 2 * len(COLUMNS)
    for heading, share in COLUMNS.items():
        table.add_column(
            heading, width=room * share // shares, no_wrap=True, overflow="ellipsis"
        )
    for item in items:
        table.add_row(*(Text(printable(cell)) for cell in _cells(item)))
    return table


def _cells(item: Item) -> Iterator[str]:
    yield item.name
    yield item.type
    yield SPECS[item.provider].name if item.provider in SPECS else item.provider
    yield item.parent_name
    yield _changed(item)
    yield item.remote_id


def _changed(item: Item) -> str:
    if item.remote_updated_at is None:
        return wording.UNKNOWN_TIME
    noticed = "noticed " if item.is_update_noticed else ""
    return noticed + wording.time_text(item.remote_updated_at)

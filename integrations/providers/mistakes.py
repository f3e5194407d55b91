"""Map rows one by one, so that a mistake of ours in one costs no other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from typing import Generic, TypeVar

from integrations.http.errors import InvalidResponse

ROOT = Path(__file__).resolve().parent.parent.parent

Row = TypeVar("Row")
Mapped = TypeVar("Mapped")
Other = TypeVar("Other")


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """An error's type and place; never its text, which may hold a value."""

    error: str
    file: str
    line: int

    @classmethod
    def of(cls, exc: BaseException) -> "Mistake":
        """Return the innermost place in this product that an error went through."""
        frames = [(f.f_code.co_filename, n) for f, n in walk_tb(exc.__traceback__)]
        own = [each for each in frames if _is_own(each[0])] or frames
        file, line = own[-1] if own else ("", 0)
        return cls(error=type(exc).__name__, file=_shorten(file), line=line)

    def __str__(self) -> str:
        """Return the place as an editor takes it."""
        return f"{self.error} at {self.file}:{self.line}"


def _is_own(file: str) -> bool:
    path = Path(file)
    return ROOT in path.parents and "site-packages" not in path.parts


def _shorten(file: str) -> str:
    return str(Path(file).relative_to(ROOT)) if _is_own(file) else Path(file).name


@dataclass(frozen=True, kw_only=True)
class MappedRows(Generic[Mapped]):
    """What could be mapped, the number that could not, and our mistakes in it."""

    items: list[Mapped]
    unreadable: int
    mistakes: tuple[Mistake, ...]

    def with_items(self, items: list[Other]) -> "MappedRows[Other]":
        """Return the same counts beside what was made of the items."""
        return MappedRows(
            items=items, unreadable=self.unreadable, mistakes=self.mistakes
        )


def map_row(to_item: Callable[[Row], Mapped], row: Row) -> Mapped | Mistake | None:
    """Map one row: None for an odd one, a Mistake when it is we who failed at it.

    What a call made meanwhile raises is the page's failure, not the row's.
    """
    try:
        return to_item(row)
    except InvalidResponse:
        return None
    # A row can be odd in a way that nobody has thought of. Errors of calls, of the
    # database and of the lease are none of these.
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as exc:
        return Mistake.of(exc)


def map_rows(
    rows: Iterable[Row], to_item: Callable[[Row], Mapped]
) -> MappedRows[Mapped]:
    """Map rows one by one; one that cannot be costs the others nothing."""
    items: list[Mapped] = []
    mistakes: list[Mistake] = []
    unreadable = 0
    for row in rows:
        mapped = map_row(to_item, row)
        if mapped is not None and not isinstance(mapped, Mistake):
            items.append(mapped)
            continue
        unreadable += 1
        if mapped is not None:
            mistakes.append(mapped)
    return MappedRows(items=items, unreadable=unreadable, mistakes=tuple(mistakes))

"""Name mistakes of our own by their place, never by the values in them."""

from pathlib import Path
from traceback import walk_tb

from msgspec import Struct

ROOT = Path(__file__).resolve().parent.parent.parent


class Mistake(Struct, frozen=True, kw_only=True):
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

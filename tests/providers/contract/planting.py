"""Plant a mistake into the source of one connector, without touching its file."""

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

from integrations import providers
from integrations.providers.connector import BaseConnector

FOLDER = Path(providers.__file__).parent


@dataclass(frozen=True)
class Mistake:
    """One wrong line: ``right`` stands once in ``file``, and becomes ``wrong``.

    The file is one of the provider's, or one that all share: ``../listing.py``.
    """

    file: str
    right: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.file}: {self.wrong.strip()}"


class _Loader(SourceLoader):
    """Load a module from a changed text."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_data(self, path: str | bytes) -> bytes:
        return self.text.encode()


class _Finder(MetaPathFinder):
    """Find one module in a changed text, and every other where it is."""

    def __init__(self, name: str, path: Path, text: str) -> None:
        self.name, self.loader = name, _Loader(path, text)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return spec_from_file_location(fullname, self.loader.path, loader=self.loader)


def plant(slug: str, mistake: Mistake) -> BaseConnector:
    """Return a connector of the provider whose source has the mistake in it."""
    path = FOLDER / slug / mistake.file
    text = path.read_text(encoding="utf-8")
    assert text.count(mistake.right) == 1, f"{mistake.file}: look for {mistake.right!r}"
    package = f"{providers.__name__}.{slug}"
    inside = path.resolve().relative_to(FOLDER).with_suffix("")
    name = ".".join((providers.__name__, *inside.parts))
    finder = _Finder(name, path, text.replace(mistake.right, mistake.wrong))
    with _fresh(package), _fresh(name):
        sys.meta_path.insert(0, finder)
        try:
            module = importlib.import_module(f"{package}.connector")
        finally:
            sys.meta_path.remove(finder)
        (kind,) = (
            each
            for each in vars(module).values()
            if isinstance(each, type)
            and issubclass(each, BaseConnector)
            and each.__module__ == module.__name__
        )
        connector: BaseConnector = kind()
        return connector


@contextmanager
def _fresh(module: str) -> Iterator[None]:
    """Import a module and those in it anew, and have the honest ones back after."""

    def loaded() -> list[str]:
        return [n for n in sys.modules if n == module or n.startswith(f"{module}.")]

    honest = {name: sys.modules.pop(name) for name in loaded()}
    try:
        yield
    finally:
        for name in loaded():
            del sys.modules[name]
        sys.modules.update(honest)
        if module in honest:
            holder, _, last = module.rpartition(".")
            setattr(sys.modules[holder], last, honest[module])

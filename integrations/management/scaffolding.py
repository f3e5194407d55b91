"""Make the files of a minimal provider out of templates, and add its few lines."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Template

from msgspec import Struct

TEMPLATES = Path(__file__).parent / "scaffold"
# Returns the text with lines added, None where it does not look as expected.
Edit = Callable[..., str | None]
_REGISTERED = re.compile(r"(?m)^REGISTERED\b[^(]*\((?:\n    \w+\(\),)+\n(?=\)\n)")
_SIMULATED = re.compile(r"(?m)^PROVIDERS\b[^(]*\((?:\n    \w+\.PROVIDER,)+\n(?=\)\n)")
_SIMULATORS = re.compile(r"(?m)^from sandbox import ([\w, ]+)\n")
_TUNING = re.compile(r"(?m)^# --- Tuning")
_IMPORT = re.compile(r"(?m)^from integrations\.\S+ import (?:\([^)]*\)|[^\n(]*)\n")


class Scaffold(Struct, frozen=True, kw_only=True):
    """The files of one new provider below the root of the project."""

    slug: str
    root: Path

    @property
    def title(self) -> str:
        """Return the name that users read."""
        return self.slug.capitalize()

    @property
    def folder(self) -> Path:
        """Return where everything of the provider lives."""
        return self.root / "integrations" / "providers" / self.slug

    @property
    def simulator(self) -> Path:
        """Return the file of the sandbox that plays the provider."""
        return self.root / "sandbox" / f"{self.slug}.py"

    def taken(self) -> Iterator[Path]:
        """Yield what is already there under one of the names."""
        for path in (
            self.folder,
            self.folder.with_suffix(".py"),
            self.simulator,
            self.simulator.with_suffix(""),
        ):
            if path.exists():
                yield path

    def render(self, name: str) -> str:
        """Return one template with the names filled in and its imports in order."""
        template = Template((TEMPLATES / name).read_text(encoding="utf-8"))
        text = template.substitute(
            slug=self.slug,
            title=self.title,
            class_name=self.title,
            prefix=f"{self.slug.upper()}_",
        )
        return _sort_imports(text) if name.endswith(".py.txt") else text

    def files(self) -> dict[Path, str]:
        """Return the new files by path; no simulator where there is no sandbox."""
        below = TEMPLATES / "provider"
        names = sorted(str(each.relative_to(below)) for each in below.rglob("*.txt"))
        found = {
            self.folder / name.removesuffix(".txt"): self.render(f"provider/{name}")
            for name in names
        }
        if self.simulator.parent.is_dir():
            found[self.simulator] = self.render("sandbox.py.txt")
        return found

    def write_files(self) -> Iterator[Path]:
        """Write the new files."""
        for path, text in self.files().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            yield path

    def register(self) -> Iterator[tuple[Path, str]]:
        """Add the provider's lines to the files that list providers.

        Yields each file, and what to add by hand where it does not look as expected.
        """
        registry = self.folder.parent / "__init__.py"
        package = f"integrations.providers.{self.slug}"
        line = f"from {package}.connector import {self.title}\n"
        entry = f"    {self.title}(),\n"
        yield _edit(registry, _add_connector, line, entry)
        listing = self.simulator.parent / "providers.py"
        if listing.is_file():
            line = f"from sandbox import {self.slug}\n"
            entry = f"    {self.slug}.PROVIDER,\n"
            yield _edit(listing, _add_simulator, line, entry)
        yield _edit(self.root / ".env.example", _add_settings, self.render("env.txt"))


def _edit(path: Path, add: Edit, *lines: str) -> tuple[Path, str]:
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    after = add(before, *lines)
    if after is None:
        return path, "".join(lines)
    path.write_text(after, encoding="utf-8")
    return path, ""


def _add_connector(text: str, line: str, entry: str) -> str | None:
    """Add an import and an instance to the registry of connectors."""
    end, first = _REGISTERED.search(text), _IMPORT.search(text)
    if end is None or first is None:
        return None
    text = text[: end.end()] + entry + text[end.end() :]
    return _sort_imports(text[: first.start()] + line + text[first.start() :])


def _add_simulator(text: str, line: str, entry: str) -> str | None:
    """Add a module and its provider to the sandbox's list."""
    end, names = _SIMULATED.search(text), _SIMULATORS.search(text)
    if end is None or names is None:
        return None
    known = {*names[1].split(", "), line.rsplit(maxsplit=1)[-1]}
    text = text[: end.end()] + entry + text[end.end() :]
    listed = f"from sandbox import {', '.join(sorted(known))}\n"
    return text[: names.start()] + listed + text[names.end() :]


def _add_settings(text: str, lines: str) -> str | None:
    """Add environment names behind those of the other providers."""
    place = _TUNING.search(text)
    if place is None:
        return None
    return text[: place.start()] + lines + text[place.start() :]


def _sort_imports(text: str) -> str:
    """Put the imports of our own modules into the order of their names."""
    found = list(_IMPORT.finditer(text))
    if not found:
        return text
    lines = sorted((each[0] for each in found), key=lambda line: line.split()[1])
    return text[: found[0].start()] + "".join(lines) + text[found[-1].end() :]

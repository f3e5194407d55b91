"""Dead-code check: vulture over the product, with what Django finds by name.

A name that only a test uses counts as dead. `dead_code_allowed.txt` lists the rest of
what is used without being named, one pattern a line.
"""

import fnmatch
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vulture import Vulture

ROOT = Path(__file__).resolve().parent.parent
# What is scanned, and what is reported then: helpers of tests are used by tests.
SCANS = (
    (("config", "integrations", "sandbox", "manage.py"), ""),
    (("tests",), "tests/support/"),
)
# A migration is history; what settings define, others read by name.
EXCLUDED = ("*/migrations/*",)
SETTINGS = (
    *("config/settings.py", "config/formats/en/formats.py", "gunicorn.conf.py"),
    "sandbox/core/serving/server.py",
)
DECORATORS = (
    *("@*.connect", "@checks.register", "@register.*", "@admin.*", "@shared_task"),
    *("@receiver", "@pytest.fixture", "@plain.register"),
)


class Unused(NamedTuple):
    """Definition that nothing uses."""

    path: str
    line: int
    kind: str
    name: str


def allowed_names() -> list[str]:
    """Return the patterns of the allow-list."""
    lines = (ROOT / ".ci" / "dead_code_allowed.txt").read_text("utf-8").splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def named_in_text() -> set[str]:
    """Return the words of templates and settings, which name code in strings."""
    texts = [*ROOT.glob("templates/**/*.*"), *ROOT.glob("sandbox/**/*.html")]
    texts.append(ROOT / "config" / "settings.py")
    return {word for path in texts for word in re.findall(r"\w+", path.read_text())}


def find_unused() -> Iterator[list[Unused]]:
    """Yield what nothing uses after each scan, which goes on from the one before it."""
    vulture = Vulture(ignore_decorators=list(DECORATORS))
    vulture.used_names.update(named_in_text())
    for paths, _ in SCANS:
        vulture.scavenge([str(ROOT / path) for path in paths], exclude=list(EXCLUDED))
        yield [
            Unused(path, item.first_lineno, item.typ, item.name)
            for item in vulture.get_unused_code()
            if not (path := str(item.filename.relative_to(ROOT))).endswith(SETTINGS)
        ]


def find_dead_code() -> Iterator[str]:
    """Yield one line for each unused name, and each pattern that allows nothing."""
    allowed = allowed_names()
    names: set[str] = set()
    for unused, (_, below) in zip(find_unused(), SCANS, strict=True):
        names.update(each.name for each in unused)
        for each in unused:
            if each.path.startswith(below) and not _is_allowed(each.name, allowed):
                yield f"{each.path}:{each.line}: unused {each.kind} {each.name}"
    for pattern in allowed:
        if not fnmatch.filter(names, pattern):
            yield f".ci/dead_code_allowed.txt: {pattern} allows nothing"


def _is_allowed(name: str, allowed: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed)


if __name__ == "__main__":
    found = list(find_dead_code())
    print("\n".join(found) or "no dead code")
    sys.exit(bool(found))

"""Read the environment strictly: every variable typed, nonsense refused by name."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from msgspec import Struct

LINE = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$")
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
LOG_LEVELS = ("INFO", "DEBUG", "WARNING", "ERROR")
TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"", "0", "false", "no", "off"})


class Problem(Struct, frozen=True, kw_only=True):
    """What is wrong with one variable, by name and never by value."""

    id: str
    name: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.message}"


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of a ``.env`` file; a missing file has none."""
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        # Without its cause, which may quote a secret.
        raise ImproperlyConfigured(f"{path}: {type(exc).__name__}") from None
    values: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = LINE.match(line)
        if match is None:
            # The line itself may hold a secret, so only its number is told.
            raise ImproperlyConfigured(f"{path}: line {number} is not NAME=value")
        values[match[1]] = _unquote(match[2].strip())
    return values


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return re.sub(r"(^|\s+)#.*$", "", value)


def is_loopback(url: str) -> bool:
    """Return whether a URL points at this machine."""
    host = urlsplit(url).hostname or ""
    return host in LOOPBACK_HOSTS or host.endswith(".localhost")


class Environment:
    """Typed reader of variables that collects every one that made no sense.

    A refused variable yields its default, so that the settings always load and
    one start-up names all that is wrong; ``config.checks`` then refuses to go on.
    """

    def __init__(self, values: Mapping[str, str], *, path: str = "") -> None:
        self._values = values
        self.path = path
        self.problems: list[Problem] = []

    @classmethod
    def load(cls, base_dir: Path) -> "Environment":
        """Merge ``.env`` and the process environment, which wins.

        ``ENV_FILE`` names another file, or is ``off`` to read none.
        """
        name = os.environ.get("ENV_FILE", ".env")
        if name in FALSE:
            return cls(os.environ)
        path = base_dir / name
        try:
            values, problem = read_env_file(path), ""
        except ImproperlyConfigured as exc:
            values, problem = {}, str(exc).removeprefix(f"{path}: ")
        env = cls({**values, **os.environ}, path=str(path))
        if problem:
            env.refuse("E025", str(path), f"is not read: {problem}.")
        return env

    def refuse(self, code: str, name: str, message: str, hint: str = "") -> None:
        """Record that a variable makes no sense, without its value."""
        self.problems.append(
            Problem(id=f"mooring.{code}", name=name, message=message, hint=hint)
        )

    def text(self, name: str, default: str = "") -> str:
        """Return a variable as written, without the space around it."""
        return self._values.get(name, "").strip() or default

    def accepted_text(self, name: str) -> str:
        """Return a variable as written, or nothing if it was refused before."""
        refused = {problem.name for problem in self.problems}
        return "" if name in refused else self.text(name)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a variable that is on or off."""
        value = self.text(name, "on" if default else "off").lower()
        if value in TRUE or value in FALSE:
            return value in TRUE
        self.refuse("E001", name, "is neither on nor off.", "Use on or off.")
        return default

    def number(
        self, name: str, *, default: float, low: float = 0, high: float = 1e9
    ) -> float:
        """Return a variable that is a number between two bounds, both included."""
        value = self.text(name)
        if not value:
            return default
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if low <= number <= high:
            return number
        self.refuse(
            "E002",
            name,
            f"is not a number from {low:g} to {high:g}.",
            f"Leave it out for the default, {default:g}.",
        )
        return default

    def whole(self, name: str, *, default: int, low: int = 0, high: int = 10**9) -> int:
        """Return a variable that is a whole number between two bounds."""
        value = self.number(name, default=default, low=low, high=high)
        if value == int(value):
            return int(value)
        self.refuse("E002", name, "is not a whole number.")
        return default

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Return a variable that is one of a few words; the first is the default."""
        value = self.text(name, choices[0])
        if value.lower() in {choice.lower() for choice in choices}:
            return next(c for c in choices if c.lower() == value.lower())
        words = ", ".join(repr(choice) for choice in choices)
        self.refuse("E003", name, "is not a word it may be.", f"Use one of {words}.")
        return choices[0]

    def names(self, name: str) -> list[str]:
        """Return a variable that is a comma-separated list."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def networks(self, name: str, default: str) -> list[str]:
        """Return a list of addresses and networks; ``*`` stands for all."""
        found = self.names(name) or default.split(",")
        if all(part == "*" or _is_network(part) for part in found):
            return found
        self.refuse(
            "E009",
            name,
            "has something that is no address or network.",
            "Write addresses or networks, by commas: 10.0.0.7,10.1.0.0/16",
        )
        return default.split(",")

    def url(self, name: str, default: str = "", *, loopback_only: bool = True) -> str:
        """Return an absolute web address; plain http is for loopback hosts.

        ``loopback_only=False`` leaves that last decision to the caller.
        """
        value = self.text(name, default)
        if not value:
            return ""
        if not _is_web_address(value):
            self.refuse(
                "E004", name, "is not an absolute http or https address.", "See docs."
            )
            return default
        if loopback_only and value.startswith("http:") and not is_loopback(value):
            self.refuse(
                "E005",
                name,
                "is plain http to another machine.",
                "Use https; plain http is accepted for loopback hosts only.",
            )
            return default
        return value


def _is_network(value: str) -> bool:
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and port_is_fine
        and parts.username is None
        and not re.search(r"[\s\x00-\x1f]", value)
    )

"""Check of one part of the product: how it is probed, what is wrong, what to do."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from integrations.services.upkeep.census import Census

RUNBOOK = "docs/runbook.md"


class Severity(StrEnum):
    """How soon somebody has to act."""

    # Something does not work.
    ERROR = "error"
    # It will not, or not well, unless somebody acts.
    WARNING = "warning"


class Surface(StrEnum):
    """Where a check is run while somebody waits; every other place reads its report."""

    READY = "ready"
    PANEL = "panel"


ALWAYS = frozenset(Surface)
SEEN = frozenset({Surface.PANEL})
PROBED = frozenset({Surface.READY})
REPORTED: frozenset[Surface] = frozenset()


class Result(Struct, frozen=True, kw_only=True):
    """What a probe found: in words, and as facts for machines.

    ``parts`` has the words by what they are about, where a check watches several
    things of which each is told by itself: providers, queues, versions.
    ``error`` is the type of an exception; its message may name an address or a user.
    """

    ok: bool
    found: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


class Check(Struct, frozen=True, kw_only=True):
    """One check of the registry.

    ``title`` is what holds while it passes, ``advice`` what to do when it does not.
    ``needs`` names the checks without which this one cannot tell anything.
    Those with ``reads_rows`` share a census, so they run one after the other.
    What passed is asked again after ``spacing`` by whoever asks all the time.
    Operators are told of what has failed for ``grace``, which is longer than a process
    takes to be restarted; where a silence was waited for, none is needed.
    Of a machine each one reports by itself; anything else is so for the whole site.
    One that ``needs_route`` is told by a clock only where it has passed before: its
    machine may be one that cannot ask at all.
    ``repair`` does what is safe to do without asking, and returns what it did.
    """

    id: str
    title: str
    advice: str
    probe: Callable[[Census], Result]
    severity: Severity = Severity.ERROR
    surfaces: frozenset[Surface] = REPORTED
    is_of_machine: bool = False
    needs_route: bool = False
    reads_rows: bool = False
    needs: tuple[str, ...] = ()
    spacing: timedelta = timedelta()
    grace: timedelta = timedelta(seconds=20)
    repair: Callable[[], str] | None = None

    @property
    def runbook(self) -> str:
        """Return where the documentation tells more."""
        return f"{RUNBOOK}#{self.id}"

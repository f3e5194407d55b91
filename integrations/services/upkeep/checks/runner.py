"""Run checks within a deadline, however many parts hang.

Each check runs in a thread of its own; those that read rows share one. A part that
hangs is not asked again before it has answered.
"""

import threading
import time
from collections.abc import Iterable, Mapping

from django.db import connections
from msgspec import Struct, field

from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import Check, Result

NO_ANSWER = Result(ok=False, error="NoAnswer", found="it did not answer in time")
# A check before it, in the same thread, has not answered yet.
NOT_REACHED = Result(ok=False, error="NotReached", found="it was not reached in time")


class _Running(Struct, kw_only=True):
    """Checks of one thread under way, with the results so far."""

    checks: list[Check]
    census: Census
    results: dict[str, Result] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        try:
            for check in self.checks:
                self.results[check.id] = _probe(check, self.census)
        finally:
            connections.close_all()
            self.done.set()

    def told(self) -> dict[str, Result]:
        """Return the result of each check; the first without one hangs."""
        found = dict(self.results)
        for check in self.checks:
            if check.id not in found:
                is_first = NO_ANSWER not in found.values()
                found[check.id] = NO_ANSWER if is_first else NOT_REACHED
        return found


_lock = threading.Lock()
_running: dict[tuple[str, ...], _Running] = {}


def run(
    checks: Iterable[Check], *, deadline: float, census: Census | None = None
) -> dict[str, Result]:
    """Return the result of each check by its id, in the order of the checks."""
    chosen, census = list(checks), census or Census()
    asked = [_ask(checks, census) for checks in _threads(chosen)]
    stop_at = time.monotonic() + deadline
    for each in asked:
        each.done.wait(max(0.0, stop_at - time.monotonic()))
    found: dict[str, Result] = {}
    for each in asked:
        found |= each.told()
    return {check.id: found[check.id] for check in chosen}


def failures_of(
    checks: Iterable[Check], results: Mapping[str, Result]
) -> list[tuple[Check, Result]]:
    """Return what does not pass, without what only follows from something else."""
    checks = list(checks)
    unknown = unknown_in(checks, results)
    return [
        (check, results[check.id])
        for check in checks
        if not results[check.id].ok and check.id not in unknown
    ]


def unknown_in(checks: Iterable[Check], results: Mapping[str, Result]) -> set[str]:
    """Return the checks of which nothing is known: another failed before them."""
    bad = {name for name, result in results.items() if not result.ok}
    return {
        check.id
        for check in checks
        if check.id in bad
        and (bad & set(check.needs) or results[check.id] == NOT_REACHED)
    }


def have_rows_answered(checks: Iterable[Check], results: Mapping[str, Result]) -> bool:
    """Tell whether every check that reads rows was done in time."""
    late = (NO_ANSWER, NOT_REACHED)
    return not any(c.reads_rows and results[c.id] in late for c in checks)


def _threads(checks: list[Check]) -> list[list[Check]]:
    of_rows = [check for check in checks if check.reads_rows]
    alone = [[check] for check in checks if not check.reads_rows]
    return [*alone, of_rows] if of_rows else alone


def _ask(checks: list[Check], census: Census) -> _Running:
    """Start a thread, or return the one that has not come to its end."""
    key = tuple(check.id for check in checks)
    with _lock:
        known = _running.get(key)
        if known is None or known.done.is_set():
            known = _running[key] = _Running(checks=checks, census=census)
            # A daemon, so that a part that hangs does not keep the process alive.
            threading.Thread(target=known.work, daemon=True).start()
        return known


def _probe(check: Check, census: Census) -> Result:
    try:
        return check.probe(census)
    except Exception as exc:  # noqa: BLE001 - whatever it is, the part does not work
        # The type only: a message may name an address or a user.
        error = type(exc).__name__
        return Result(ok=False, error=error, found=f"it failed with {error}")

"""Print figures beside their targets, and remember whether any was missed."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Figures:
    """Collect the lines of one benchmark's table."""

    title: str
    missed: int = 0
    lines: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, value: str, *, target: str = "", ok: bool = True) -> None:
        """Note one figure; ``ok`` says whether it meets its target."""
        verdict = ("met" if ok else "MISSED") if target else ""
        self.missed += not ok
        self.lines.append((what, value, target, verdict))
        print(f"  … {what}: {value}", flush=True)

    def at_most(
        self, what: str, value: float, limit: float, *, unit: str = "", digits: int = 2
    ) -> None:
        """Note a figure that must not be more than a limit."""
        self.add(
            what,
            f"{value:,.{digits}f}{unit}",
            target=f"<= {limit:,g}{unit}",
            ok=value <= limit,
        )

    def show(self) -> None:
        """Print the table."""
        rows = [("", "measured", "target", ""), *self.lines]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        print(f"\n{self.title}")
        for what, value, target, verdict in rows:
            print(
                f"  {what:<{widths[0]}}  {value:>{widths[1]}}"
                f"  {target:>{widths[2]}}  {verdict}".rstrip()
            )
        print(flush=True)


def median(values: Sequence[float]) -> float:
    """Return the middle of some measurements."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of the measurements does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def pace(arrivals: Sequence[float], calls: int, seconds: float) -> float:
    """Return how much longer calls took than a limit imposes, as a ratio.

    Until the call that begins the last window: what comes behind it hurries nobody.
    Raises AssertionError where they fill no window.
    """
    windows = (len(arrivals) - 1) // calls
    assert windows > 0, f"{len(arrivals)} calls are too few to meet a limit"
    ordered = sorted(arrivals)
    return (ordered[windows * calls] - ordered[0]) / (windows * seconds)


def busiest(arrivals: Sequence[float], seconds: float) -> int:
    """Return the most calls that came within any so many seconds."""
    ordered, most, start = sorted(arrivals), 0, 0
    for end, at in enumerate(ordered):
        while ordered[start] <= at - seconds:
            start += 1
        most = max(most, end - start + 1)
    return most

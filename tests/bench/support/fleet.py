"""Simulate more connections than any machine here holds, by costs that were measured.

Connections move as a fluid from stage to stage, tick by tick: due, claimed by
schedulers, published by workers, synced by them, and due again an interval later.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

TICK_SECONDS: Final = 15.0
# A scheduler works so long in each tick.
DISPATCH_SECONDS: Final = 10.0
SWEEP_SECONDS: Final = 5.0
# Five requests of nothing new, ten milliseconds of a processor each (see ``crowd``).
SYNC_SECONDS: Final = 0.05
GIGABYTE: Final = 1024**3
HOURS: Final = 24


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What one connection costs: seconds of a processor, and bytes.

    ``look`` is its share of what looks at all open runs and connections each sweep.
    """

    claim: float
    publish: float
    take: float
    look: float
    message_bytes: float

    @property
    def work(self) -> float:
        """Return the seconds that a worker needs for a sync of nothing new."""
        return self.publish + self.take + SYNC_SECONDS


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a fleet that was all due at once."""

    caught_up: float | None
    most_waiting: float
    still_due: float


def carried(costs: Costs, interval: float) -> dict[str, float]:
    """Return how many connections one unit of each part carries, the fewest first."""
    units = {
        "one core of workers": interval / costs.work,
        "one scheduler": interval * DISPATCH_SECONDS / TICK_SECONDS / costs.claim,
        "one database's looks every 5 s": SWEEP_SECONDS / costs.look,
        "1 GB of broker, all due at once": GIGABYTE / costs.message_bytes,
    }
    return dict(sorted(units.items(), key=lambda unit: unit[1]))


def simulate(
    costs: Costs, *, connections: float, interval: float, schedulers: int, cores: int
) -> Outcome:
    """Let all be due at once, as after a night without workers, and go on for a day.

    Caught up is who has no more waiting than one tick makes due.
    """
    due, claimed, waiting = connections, 0.0, 0.0
    later: dict[int, float] = defaultdict(float)
    most_waiting, caught_up = 0.0, None
    fresh = connections * TICK_SECONDS / interval
    for tick in range(int(HOURS * 3600 / TICK_SECONDS)):
        due += later.pop(tick, 0.0)
        newly = min(due, schedulers * DISPATCH_SECONDS / costs.claim)
        seconds = cores * TICK_SECONDS
        published = min(claimed + newly, seconds / costs.publish)
        seconds -= published * costs.publish
        done = min(waiting + published, seconds / (costs.take + SYNC_SECONDS))
        due -= newly
        claimed += newly - published
        waiting += published - done
        # The schedule counts from the claim.
        later[tick + int(interval / TICK_SECONDS)] += newly
        most_waiting = max(most_waiting, waiting)
        if due + claimed + waiting <= fresh:
            caught_up = tick * TICK_SECONDS
            break
    return Outcome(
        caught_up=caught_up,
        most_waiting=most_waiting,
        still_due=due + claimed + waiting,
    )

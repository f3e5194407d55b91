"""Make trouble for the soak: kill, freeze, cut off, answer nonsense; keep a diary."""

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from tests.real.support.postgres import Postgres
from tests.real.support.stack import Stack

REFRESHERS = ("worker-refresh", "worker-refresh-2")
# Longer than SQLite waits for a lock, so that a write really fails.
LOCKED_SECONDS = 22.0
# What the token endpoint does, and how often among the others.
FAULTS: tuple[tuple[int, dict[str, object]], ...] = (
    (4, {"kind": "status", "status": 503, "count": 4}),
    (3, {"kind": "status", "status": 500, "count": 3}),
    (3, {"kind": "status", "status": 429, "retry_after": 6, "count": 4}),
    (3, {"kind": "latency", "ms": 3000, "count": 4}),
    (3, {"kind": "slow", "seconds": 3, "count": 3}),
    (3, {"kind": "reset", "count": 3}),
    (2, {"kind": "html", "count": 2}),
    (1, {"kind": "lost", "count": 1}),
    (1, {"kind": "truncated", "count": 1}),
    (1, {"kind": "cut", "count": 1}),
    (1, {"kind": "wrong_shape", "count": 1}),
    (1, {"kind": "no_access_token", "count": 1}),
    (1, {"kind": "latency", "ms": 12000, "count": 1}),
)


@dataclass(kw_only=True)
class Diary:
    """Remember what was done to the workers and when, for the audit."""

    done: Counter[str] = field(default_factory=Counter)
    kills: list[tuple[str, float]] = field(default_factory=list)

    def killed(self, name: str) -> None:
        """Note that a worker lost whatever it was at."""
        self.kills.append((name, time.time()))


class Trouble:
    """Own the means of disturbance; each act undoes itself."""

    def __init__(
        self,
        stack: Stack,
        diary: Diary,
        *,
        provider: str,
        rng: random.Random,
        lease: float,
        postgres: Postgres | None,
    ) -> None:
        self.stack, self.diary, self.rng, self.lease = stack, diary, rng, lease
        self._provider = provider
        self._postgres = postgres
        self._acts: list[tuple[int, Callable[[], None]]] = [
            (6, self.kill_refresher),
            (4, self.freeze_refresher),
            (2, self.freeze_beyond_the_lease),
            (3, self.lose_redis),
            (4, self.lose_database),
            (1, self.kill_beat),
            (1, self.kill_sync_worker),
        ]

    def strike(self) -> None:
        """Do one thing by chance."""
        weights, acts = zip(*self._acts, strict=True)
        act = self.rng.choices(acts, weights)[0]
        self.diary.done[act.__name__.replace("_", " ")] += 1
        # A slow answer makes it likely that some are on their way just now.
        self._fault({"kind": "latency", "ms": 1500, "count": 4})
        time.sleep(self.rng.uniform(0.2, 1.2))
        act()

    def kill_refresher(self) -> None:
        """End a refresh worker at any instruction, and start another."""
        self._kill(self.rng.choice(REFRESHERS))

    def kill_sync_worker(self) -> None:
        """End the worker of the bulk, which renews tokens on its way, too."""
        self._kill("worker-sync")

    def kill_beat(self) -> None:
        """End the scheduler, and start another."""
        self._kill("beat")

    def _kill(self, name: str) -> None:
        self.diary.killed(name)
        self.stack.kill(name)
        time.sleep(self.rng.uniform(0.2, 2.0))
        self.stack.start(name)

    def freeze_refresher(self) -> None:
        """Let a refresh worker stand still for less than its lease."""
        self._freeze(self.rng.uniform(2.0, self.lease * 0.6))

    def freeze_beyond_the_lease(self) -> None:
        """Let a refresh worker stand still until others have taken over."""
        self._freeze(self.lease + self.rng.uniform(4.0, 12.0))

    def _freeze(self, seconds: float) -> None:
        name = self.rng.choice(REFRESHERS)
        self.stack.freeze(name)
        time.sleep(seconds)
        self.stack.thaw(name)

    def lose_redis(self) -> None:
        """Take broker and cache away for a while."""
        self.stack.kill("valkey")
        time.sleep(self.rng.uniform(1.0, 8.0))
        self.stack.start("valkey")

    def lose_database(self) -> None:
        """Take the database away for a while."""
        if self._postgres is None:
            self._lock_sqlite()
            return
        self._postgres.stop()
        time.sleep(self.rng.uniform(1.0, 12.0))
        self._postgres.start()

    def _lock_sqlite(self) -> None:
        path = self.stack.database_url.removeprefix("sqlite:///")
        held = sqlite3.connect(path, timeout=20, isolation_level=None)
        try:
            held.execute("BEGIN EXCLUSIVE")
            time.sleep(LOCKED_SECONDS)
            held.execute("ROLLBACK")
        finally:
            held.close()

    def spoil_answers(self) -> None:
        """Let the token endpoint misbehave in one of many ways."""
        weights, faults = zip(*FAULTS, strict=True)
        self.diary.done["spoil answers"] += 1
        self._fault(self.rng.choices(faults, weights)[0])

    def _fault(self, fault: dict[str, object]) -> None:
        self.stack.sandbox(
            "faults/add", provider=self._provider, family="token", **fault
        )


class Background:
    """Repeat something small in a thread until told to stop."""

    def __init__(self, act: Callable[[], None], *, every: float) -> None:
        self._act, self._every = act, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.wait(self._every):
            self._act()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        with suppress(RuntimeError):
            self._thread.join(30)

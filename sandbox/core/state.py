"""Tie storage, clock, switches, faults and providers together."""

import time
from collections.abc import Callable, Sequence

from sandbox.core import common_faults, faults, switches
from sandbox.core.config import Config
from sandbox.core.limits import FixedWindows, RollingWindows
from sandbox.core.provider import Plan, Provider
from sandbox.core.stats import Stats
from sandbox.core.storage import Storage
from sandbox.oauth import grants

SCHEMA = "CREATE TABLE IF NOT EXISTS seeded (provider TEXT PRIMARY KEY, seed INTEGER);"


class Sandbox:
    """Hold everything the handlers work with; time is a parameter."""

    def __init__(
        self,
        storage: Storage,
        *,
        config: Config,
        providers: Sequence[Provider],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make the tables that are missing and load what was switched on."""
        self.storage = storage
        self.config = config
        self.clock = clock
        self.sleep = sleep
        self.providers = {provider.slug: provider for provider in providers}
        own = [provider.schema for provider in providers]
        for schema in (SCHEMA, grants.SCHEMA, switches.SCHEMA, faults.SCHEMA, *own):
            storage.connection.executescript(schema)
        self.switches = switches.Switches(storage, providers)
        self.faults = faults.Faults(storage, providers, common_faults.KINDS)
        self.windows = RollingWindows()
        self.fixed_windows = FixedWindows()
        self.stats = Stats()

    @property
    def now_ms(self) -> int:
        """Return the current time in whole milliseconds."""
        return int(self.clock() * 1000)

    def seed(self, plan: Plan) -> list[str]:
        """Fill the providers that hold no data yet, and name them."""
        done = {row["provider"] for row in self.storage.all("SELECT * FROM seeded")}
        fresh = [p for slug, p in self.providers.items() if slug not in done]
        for provider in fresh:
            provider.seed(self, plan)
            with self.storage.write() as connection:
                row = (provider.slug, plan.seed)
                connection.execute("REPLACE INTO seeded VALUES (?, ?)", row)
        if fresh:
            self.storage.connection.execute("ANALYZE")
        return [provider.name for provider in fresh]

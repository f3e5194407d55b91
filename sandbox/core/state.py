"""Tie storage, clock, switches, faults and providers together.

A sandbox knows its providers and their handlers take the sandbox, so these types
stand in one module.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

from sandbox.core import faults, switches
from sandbox.core.config import Config
from sandbox.core.data import read
from sandbox.core.limits import InFlight, Windows
from sandbox.core.provider import Account, Params, Plan, Switch
from sandbox.core.serving.endpoints import Endpoints, Problem
from sandbox.core.serving.web import Request, Response
from sandbox.core.stats import Stats
from sandbox.core.storage import Storage

Handler = Callable[["Sandbox", Request], Response]
Before = Callable[["Sandbox", Request, Params], Response | None]
After = Callable[["Sandbox", Request, Response, Params], Response]
Command = Callable[["Sandbox", Params], dict[str, Any]]


@dataclass(frozen=True)
class FaultKind:
    """One way to misbehave, before or after the real answer is made."""

    name: str
    label: str
    _: KW_ONLY
    before: Before | None = None
    after: After | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """One method and path, its handler and its fault families."""

    method: str
    path: str
    handler: Handler
    families: str = ""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


def find_route(routes: Sequence[Route], request: Request) -> Route | None:
    """Return the first route that fits, and note what its path holds."""
    for route in routes:
        match = route.pattern.fullmatch(request.path)
        if match and route.method in (request.method, "*"):
            request.params, request.route = match.groupdict(), route.path
            return route
    return None


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Everything one simulated provider consists of."""

    slug: str
    name: str
    routes: Sequence[Route]
    accounts: Sequence[Account]
    kinds: Mapping[str, str]
    seed: Callable[["Sandbox", Plan], None]
    identify: Callable[["Sandbox", Request], None]
    refuse: Callable[["Sandbox", Request, int, float | None], Response]
    commands: Mapping[str, Command]
    queries: Mapping[str, Command]
    schema: str = ""
    endpoints: Endpoints = field(default_factory=lambda: Endpoints({}))
    finish: Callable[["Sandbox", Request, Response], None] = lambda *_: None
    sizes: Sequence[str] = ()
    faults: Sequence[FaultKind] = ()
    switches: Sequence[Switch] = ()
    # Each is a title, fields, and commands with their labels; see `control/form.html`.
    forms: Sequence[Mapping[str, Any]] = ()

    @property
    def families(self) -> list[str]:
        return sorted({name for r in self.routes for name in r.families.split()})

    @cached_property
    def faults_by_name(self) -> Mapping[str, FaultKind]:
        """Return the kinds of fault by name; a provider's own replace common ones."""
        return {kind.name: kind for kind in self.faults}


class Sandbox:
    """Everything the handlers work with; time is a parameter."""

    def __init__(
        self,
        storage: Storage,
        *,
        config: Config,
        providers: Sequence[Provider],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.storage = storage
        self.config = config
        self.clock = clock
        self.sleep = sleep
        self.providers = {provider.slug: provider for provider in providers}
        common = [read(f"sandbox.{name}", "schema.sql") for name in ("core", "oauth")]
        storage.make_tables([*common, *(provider.schema for provider in providers)])
        known = {(p.slug, s.name): s for p in providers for s in p.switches}
        self.switches = switches.Switches(storage, known)
        self.faults = faults.Faults(storage)
        self.in_flight = InFlight()
        self.reset_counters()

    def reset_counters(self) -> None:
        self.windows, self.stats = Windows(), Stats()

    def check_call(self, request: Request) -> Problem | None:
        """Return what a call says that its endpoint does not take."""
        return self.providers[request.provider].endpoints.check_call(request)

    @property
    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    def seed(self, plan: Plan) -> list[str]:
        """Fill the providers that hold no data yet, and name them."""
        done = {row["provider"] for row in self.storage.all("SELECT * FROM seeded")}
        fresh = [p for slug, p in self.providers.items() if slug not in done]
        for provider in fresh:
            provider.seed(self, plan)
            row = (provider.slug, plan.seed)
            self.storage.run("REPLACE INTO seeded VALUES (?, ?)", *row)
        if fresh:
            self.storage.connection.execute("ANALYZE")
        return [provider.name for provider in fresh]

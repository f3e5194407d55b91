"""Keep grants alive through kills, freezes and outages, then look for what was lost.

``python -m tests.bench soak [--minutes M] [--provider P] [--database sqlite|postgres]``
"""

import logging
import os
import random
import time
from datetime import datetime
from typing import Any

from django.db import Error as AnyDatabaseError
from django.db.models import Q
from django.utils import timezone

from integrations.models import Connection, Credential, RefreshAttempt
from integrations.oauth.errors import OAuthError
from integrations.services.grants.refresh_attempts import lease
from tests.bench.site.site import Site
from tests.bench.soak.audit import Auditor
from tests.bench.soak.fleet import PLACES, Fleet, insist
from tests.bench.soak.leaks import find_canary, sweep
from tests.bench.soak.trouble import REFRESHERS, Background, Diary, Trouble
from tests.bench.support.figures import Figures, percentile
from tests.real.support.postgres import Postgres

CONNECTIONS = 120
TOKEN_SECONDS = 90
QUIET_SHARE = 0.3
SETTLE_SECONDS = 240.0
PAGES = ("/", "/connections/", "/items/", "/admin/")


def measure(
    site: Site,
    figures: Figures,
    *,
    minutes: float = 5.0,
    provider: str = "hubspot",
    postgres: Postgres | None = None,
) -> None:
    """Run the soak and print its verdict; SOAK_SEED repeats the same troubles."""
    logging.disable(logging.CRITICAL)
    seed = int(os.environ.get("SOAK_SEED") or time.time())
    fleet = Fleet(PLACES[provider], size=CONNECTIONS)
    soak = Soak(site, figures, fleet=fleet, seed=seed, postgres=postgres)
    figures.add("seed", str(seed))
    soak.start()
    soak.run(minutes * 60)
    soak.settle()
    soak.judge()


class Soak:
    """Own the phases: fill, quiet, trouble, settle, judge."""

    def __init__(
        self,
        site: Site,
        figures: Figures,
        *,
        fleet: Fleet,
        seed: int,
        postgres: Postgres | None,
    ) -> None:
        self.site, self.figures, self.fleet = site, figures, fleet
        self.stack = site.stack
        self.rng = random.Random(seed)
        self.diary = Diary()
        lease_seconds = lease.length().total_seconds()
        self.trouble = Trouble(
            self.stack,
            self.diary,
            provider=fleet.place.provider,
            rng=self.rng,
            lease=lease_seconds,
            postgres=postgres,
        )
        self.due: dict[tuple[Any, int, int], datetime] = {}
        self.quiet_until = timezone.now()

    def start(self) -> None:
        """Start everything, with a second refresh worker, and connect everybody."""
        stack, place = self.stack, self.fleet.place
        plain = stack.commands[REFRESHERS[0]]
        stack.commands[REFRESHERS[1]] = [
            word.replace("refresh@", "refresh2@") for word in plain
        ]
        self.site.resize_sandbox(**place.sizes)
        stack.start("sandbox")
        strict = {"punish_reuse": True, "access_token_seconds": TOKEN_SECONDS}
        for name, value in {**strict, **place.switches}.items():
            stack.sandbox(
                "switches/set", provider=place.provider, name=name, value=value
            )
        self.fleet.fill()
        stack.start(*(n for n in stack.commands if n not in {"valkey", "sandbox"}))

    def run(self, seconds: float) -> None:
        """Let a quiet while pass under sync load, then make trouble."""
        began = time.monotonic()
        with Background(self._watch, every=1.0):
            while time.monotonic() - began < seconds * QUIET_SHARE:
                insist(lambda: self.fleet.keep_syncing(self.rng))
                time.sleep(1.0)
            self.quiet_until = timezone.now()
            with Background(self.trouble.spoil_answers, every=2.5):
                while time.monotonic() - began < seconds:
                    self.trouble.strike()
                    insist(self._live_on)
                    time.sleep(self.rng.uniform(0.2, 1.0))

    def _live_on(self) -> None:
        self.fleet.keep_syncing(self.rng)
        try:
            self.fleet.reconnect_some(0.3, self.rng)
        except OAuthError:
            # The fault was meant for the workers; the user tries again later.
            return

    def _watch(self) -> None:
        """Remember when each version was due, before a claim moves it."""
        try:
            rows = list(
                Credential.objects.filter(attempt_id=None).values_list(
                    "connection_id", "generation", "version", "refresh_due_at"
                )
            )
        except AnyDatabaseError:
            return
        for connection_id, generation, version, due_at in rows:
            if due_at is not None:
                key = (connection_id, generation, version)
                self.due.setdefault(key, due_at)

    def settle(self) -> None:
        """Be calm until every grant is either well or known to be lost."""
        self.stack.sandbox("faults/clear")
        until = time.monotonic() + SETTLE_SECONDS
        began = time.monotonic()
        # Whatever hangs in the air is resolved within two minutes.
        while time.monotonic() < until and insist(self._unsettled):
            time.sleep(1.0)
        seconds = time.monotonic() - began
        self.figures.at_most("settled after", seconds, 130, unit=" s", digits=0)

    @staticmethod
    def _unsettled() -> int:
        rows = Credential.objects.exclude(
            connection__state=Connection.State.NEEDS_RECONNECT
        )
        overdue = Q(access_expires_at__lt=timezone.now()) | Q(attempt_id__isnull=False)
        stale = RefreshAttempt.objects.filter(outcome="started").count()
        return rows.filter(overdue).count() + stale

    def judge(self) -> None:
        """Print what was done, what it cost, and what leaked."""
        add, at_most = self.figures.add, self.figures.at_most
        deadline = lease.length().total_seconds() + 40
        audit = Auditor(self.stack, self.diary, deadline=deadline).run()
        for what, count in sorted(self.diary.done.items()):
            add(what, str(count))
        for outcome, count in sorted(self._outcomes().items()):
            add(f"refreshes {outcome}", f"{count:,}")
        add("reconnected by their user", str(self.fleet.reconnects))
        add("grants alive", f"{audit.alive} of {self.fleet.size}")
        for why, count in audit.lost.items():
            add(f"lost: {why}", str(count))
        for line in (*audit.recoverable, *audit.unsettled, *audit.refused_uses):
            print(f"    {line}")
        at_most("recoverable grants lost", len(audit.recoverable), 0, digits=0)
        at_most("grants in limbo", len(audit.unsettled), 0, digits=0)
        add("second uses of a token (the allowed retry)", str(audit.second_uses))
        at_most("uses beyond the retry", len(audit.refused_uses), 0, digits=0)
        at_most("overlapping uses", audit.overlapping, 0, digits=0)
        self._judge_lateness()
        self._judge_leaks()

    @staticmethod
    def _outcomes() -> dict[str, int]:
        found = RefreshAttempt.objects.order_by().values_list("outcome", flat=True)
        counted: dict[str, int] = {}
        for outcome in found:
            counted[outcome] = counted.get(outcome, 0) + 1
        return counted

    def _judge_lateness(self) -> None:
        late = []
        quiet = RefreshAttempt.objects.filter(
            why="schedule", started_at__lt=self.quiet_until
        )
        for attempt in quiet:
            key = (attempt.connection_id, attempt.generation, attempt.version)
            if key in self.due:
                late.append((attempt.started_at - self.due[key]).total_seconds())
        timed, many = str(len(late)), bool(late)
        self.figures.add(
            "refreshes timed under sync load", timed, target="> 0", ok=many
        )
        if not late:
            return
        for name, share in (("median", 0.5), ("p99", 0.99)):
            value = percentile(late, share)
            self.figures.at_most(f"start after due, {name}", value, 5, unit=" s")

    def _judge_leaks(self) -> None:
        person = self.stack.user("reader@example.com")
        pages = {f"page {path}": person.get(path).content for path in PAGES}
        swept = sweep(self.stack, pages)
        assert find_canary(self.stack.directory, self.stack)
        self.figures.add("swept for tokens", f"{swept.bytes / 1e6:,.0f} MB")
        for place in swept.found:
            print(f"    in clear: {place}")
        self.figures.at_most("tokens in clear", len(swept.found), 0, digits=0)

"""Compare a full refresh of contacts with a hand-written loop.

All ways are processes of their own and take turns in one run, so that a busy machine
is as slow for each. What is compared is wall and CPU time, each process's start
included; of several turns the best counts.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection as database

from integrations.models import Connection
from integrations.services.grants.tokens import token_for
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures
from tests.real.support.stack import BASE_DIR

CONTACTS = int(os.environ.get("BENCH_CONTACTS", "50000"))
TURNS = 3
LATENCY_MS = 50
FLOOR, FIRST, SECOND = "hand-written loop", "first refresh", "second refresh"
PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Another way to load the contacts: a script, and what it needs installed."""

    name: str
    script: str
    needs: Sequence[str]


LOOP = Peer(name=FLOOR, script="hand_written.py", needs=("httpx", "orjson"))


@dataclass(kw_only=True)
class Times:
    """The best wall and CPU seconds of each way."""

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    def run(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Time one turn of one way, which has to succeed."""
        started = time.monotonic()
        with subprocess.Popen(
            command, cwd=BASE_DIR, env=env, stdout=subprocess.DEVNULL
        ) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        if process.returncode:
            raise AssertionError(f"{name} ended with {process.returncode}")
        cpu = usage.ru_utime + usage.ru_stime
        self.wall[name] = min(wall, self.wall.get(name, wall))
        self.cpu[name] = min(cpu, self.cpu.get(name, cpu))


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Take turns without latency, and once with it."""
    site.start_pages()
    connection = product.connect(site)
    ways = {LOOP.name: install(site, LOOP)}
    site.pages(contacts=CONTACTS, latency_ms=0)
    times = Times()
    for turn in range(TURNS):
        for name, command in ways.items():
            run_peer(site, times, connection, name, command, f"{turn}")
        refresh(site, times, connection, (FIRST, SECOND))
    note(figures, times, "no latency", {FIRST: 7, SECOND: 4})
    site.pages(latency_ms=LATENCY_MS)
    late = Times()
    run_peer(site, late, connection, FLOOR, ways[FLOOR], "late")
    refresh(site, late, connection, (FIRST,))
    note(figures, late, f"{LATENCY_MS} ms", {FIRST: 1.06}, with_cpu=False)


def install(site: Site, peer: Peer) -> Callable[..., list[str]]:
    """Make an environment for a peer; return what makes its command."""
    place = site.directory / "peers" / Path(peer.script).stem
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    python = str(place / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *peer.needs], check=True, stderr=subprocess.DEVNULL)
    return lambda *arguments: [python, str(PEERS / peer.script), *arguments]


def run_peer(
    site: Site,
    times: Times,
    connection: Connection,
    name: str,
    command: Callable[..., list[str]],
    turn: str,
) -> None:
    """Load everything anew by another way, into a file of its own."""
    configured = settings.PROVIDERS[connection.provider]
    url = f"{configured.api_url}/crm/objects/{configured.version}/contacts"
    token = token_for(connection.pk).secret.reveal()
    target = site.directory / f"{name.replace(' ', '-')}-{turn}.sqlite3"
    times.run(name, command(url, token, str(target)), site.environment)


def refresh(
    site: Site, times: Times, connection: Connection, names: Sequence[str]
) -> None:
    """Let the product load everything anew, and then once more for each other name."""
    product.forget_contacts(connection)
    database.close()
    command = [site.python, "manage.py", "sync", "--full", "--connection"]
    for name in names:
        times.run(name, [*command, str(connection.pk)], site.environment)


def note(
    figures: Figures,
    times: Times,
    condition: str,
    limits: Mapping[str, float],
    *,
    with_cpu: bool = True,
) -> None:
    """Note what each way took, and the ratios to the loop."""
    for name in times.wall:
        wall, cpu = times.wall[name], times.cpu[name]
        ratios = f"{wall / times.wall[FLOOR]:.1f} x / {cpu / times.cpu[FLOOR]:.1f} x"
        figures.add(f"{name}, {condition}", f"{wall:.2f} s / {cpu:.2f} s = {ratios}")
    for name, limit in limits.items():
        for kind, taken in (("wall", times.wall), ("CPU", times.cpu)):
            if kind == "wall" or with_cpu:
                ratio = taken[name] / taken[FLOOR]
                what = f"{name} / {FLOOR}, {kind}, {condition}"
                figures.at_most(what, ratio, limit, unit=" x")

"""Other ways to load what the product loads: installed on demand, timed, compared.

All are processes of their own and take turns in one run, so that a busy machine is as
slow for each. What is compared is wall and CPU time, each process's start included; of
several turns the best counts.
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.site.site import Site
from tests.bench.support.figures import Figures
from tests.real.support.stack import BASE_DIR

SCRIPTS = Path(__file__).parents[1] / "peers"
Command = Callable[..., list[str]]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Another way to load the same: a script, and what it needs installed."""

    name: str
    script: str
    needs: Sequence[str]


@dataclass(kw_only=True)
class Times:
    """The best wall and CPU seconds of each way, compared with those of the floor."""

    floor: str
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

    def note(
        self,
        figures: Figures,
        condition: str,
        limits: Mapping[str, float],
        *,
        kinds: Sequence[str] = ("wall", "CPU"),
    ) -> None:
        """Note what each way took, and the ratios to the floor, some of them judged."""
        for name, wall in self.wall.items():
            cpu = self.cpu[name]
            by_wall, by_cpu = wall / self.wall[self.floor], cpu / self.cpu[self.floor]
            told = f"{wall:.2f} s / {cpu:.2f} s = {by_wall:.1f} x / {by_cpu:.1f} x"
            figures.add(f"{name}, {condition}", told)
        for name, limit in limits.items():
            for kind, taken in (("wall", self.wall), ("CPU", self.cpu)):
                if kind in kinds:
                    ratio = taken[name] / taken[self.floor]
                    what = f"{name} / {self.floor}, {kind}, {condition}"
                    figures.at_most(what, ratio, limit, unit=" x")


def install_all(
    site: Site, figures: Figures, floor: Peer, others: Sequence[Peer]
) -> dict[str, Command]:
    """Install the floor, and what can be had here of the others; note what can not."""
    ways = {floor.name: _install(site, floor)}
    for peer in others:
        try:
            ways[peer.name] = _install(site, peer)
        except subprocess.CalledProcessError:
            figures.add(peer.name, "left out: it does not install here")
    return ways


def loaded(path: Path) -> int:
    """Return how many records a peer has left in a file: of a table, or in lines."""
    with path.open("rb") as file:
        if file.read(6) != b"SQLite":
            return sum(b'"type": "RECORD"' in line for line in file)
    with closing(sqlite3.connect(path)) as database:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        counts = [
            database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in database.execute(tables).fetchall()
        ]
    return max(counts)


def _install(site: Site, peer: Peer) -> Command:
    """Make an environment for a peer; return what makes its command."""
    place = site.directory / "peers" / Path(peer.script).stem
    python = str(place / "bin" / "python")
    if not place.exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *peer.needs], check=True, stderr=subprocess.DEVNULL)
    return lambda *arguments: [python, str(SCRIPTS / peer.script), *arguments]

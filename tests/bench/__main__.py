"""Run every benchmark, or one: ``python -m tests.bench [NAME] [--long|--smallest]``.

With ``--smallest`` each only shows that it starts and measures, and misses nothing.
``python -m tests.bench soak [--minutes M] [--provider hubspot|airtable]
[--database sqlite|postgres]`` runs by name only.
"""

import argparse
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

from tests.bench.site.site import Site
from tests.bench.support import smallest
from tests.bench.support.figures import Figures
from tests.real.support.postgres import Postgres

UNLIMITED = {"HUBSPOT_RATE_LIMIT": "1000000"}
# Each is a module with a ``measure(site, figures, long=...)``, and its settings.
BENCHES: dict[str, dict[str, str]] = {
    "unchanged": UNLIMITED,
    "sync_speed": UNLIMITED,
    "loading": {
        **UNLIMITED,
        "AIRTABLE_RATE_LIMIT": "1000000",
        "NOTION_RATE_LIMIT": "1000000",
    },
    "rate_limit": {},
    "flat_memory": UNLIMITED,
    "worker_memory": {**UNLIMITED, "SANDBOX": "on", "LOG_LEVEL": "INFO"},
    "item_list": {},
    "tables": {},
    "readers": {},
    "dispatch": {},
    "bases": {},
    "tokens": UNLIMITED,
    "crowd": {"LOG_LEVEL": "INFO"},
    "slow_clients": {"WEB_CONCURRENCY": "2"},
}
# Short deadlines, so that minutes hold what are days elsewhere.
SOAK = {
    "SANDBOX": "on",
    "LOG_LEVEL": "DEBUG",
    "HTTP_CONNECT_TIMEOUT": "2",
    "HTTP_READ_TIMEOUT": "6",
    "HTTP_TOTAL_TIMEOUT": "8",
    "TOKEN_TIMEOUT": "8",
    "REFRESH_MARGIN": "30",
    "SWEEP_INTERVAL": "10",
}


def main() -> int:
    """Measure, print, and return 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=[*BENCHES, "soak"])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--long", action="store_true", help="with a million rows")
    size.add_argument("--smallest", action="store_true", help="do they start?")
    parser.add_argument("--minutes", type=float, default=5, help="of the soak")
    parser.add_argument(
        "--provider", choices=("hubspot", "airtable"), default="hubspot"
    )
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    if options.name == "soak":
        return run_soak(
            minutes=smallest.SOAK_MINUTES if options.smallest else options.minutes,
            provider=options.provider,
            database=options.database,
            is_smallest=options.smallest,
        )
    if options.name:
        return run_here(
            options.name,
            long=options.long,
            database=options.database,
            is_smallest=options.smallest,
        )
    started = time.monotonic()
    given = [f"--{each}" for each in ("long", "smallest") if vars(options)[each]]
    names = [*BENCHES, "soak"] if options.smallest else [*BENCHES]
    results = {name: run_apart(name, *given) for name in names}
    failed = [name for name, status in results.items() if status]
    print(f"Took {time.monotonic() - started:.0f} s; missed: {failed or 'nothing'}")
    return 1 if failed else 0


def run_apart(name: str, *size: str) -> int:
    """Run one benchmark in a process of its own, which cleans up after itself."""
    command = [sys.executable, "-m", "tests.bench", name, *size]
    with subprocess.Popen(command) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise


def run_here(name: str, *, long: bool, database: str, is_smallest: bool) -> int:
    """Make a site for the benchmark, set Django up on it, and measure."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    figures = Figures(title=f"{name.replace('_', ' ')} on {database}")
    print(f"{figures.title} …", flush=True)
    postgres = Postgres() if database == "postgres" else None
    with tempfile.TemporaryDirectory(prefix="mooring-bench-") as directory:
        url = {"database_url": postgres.create_database(name)} if postgres else {}
        site = Site(Path(directory), **BENCHES[name], **url)
        try:
            site.start()
            os.environ.update(site.environment)
            django.setup()
            # The benchmarks import models, which only exist from here on.
            module = importlib.import_module(f"tests.bench.{name}")
            if is_smallest:
                smallest.shrink(module)
            module.measure(site, figures, long=long)
        finally:
            site.close()
            if postgres:
                postgres.close()
    figures.show()
    return 1 if figures.missed and not is_smallest else 0


def run_soak(*, minutes: float, provider: str, database: str, is_smallest: bool) -> int:
    """Keep many grants alive through trouble, on either database."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    figures = Figures(title=f"soak of {provider} on {database}")
    postgres = Postgres() if database == "postgres" else None
    with tempfile.TemporaryDirectory(prefix="mooring-soak-") as directory:
        url = {"database_url": postgres.create_database("soak")} if postgres else {}
        site = Site(Path(directory), **SOAK, **url)
        try:
            site.start()
            os.environ.update(site.environment)
            django.setup()
            soak = importlib.import_module("tests.bench.soak.soak")
            if is_smallest:
                smallest.shrink(soak)
            soak.measure(
                site, figures, minutes=minutes, provider=provider, postgres=postgres
            )
        finally:
            site.close()
            if postgres:
                postgres.close()
    figures.show()
    return 1 if figures.missed and not is_smallest else 0


if __name__ == "__main__":
    sys.exit(main())

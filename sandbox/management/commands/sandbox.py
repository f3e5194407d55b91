"""Run the simulated providers as a server of their own."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.serving import server
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS

SETTINGS = Path(server.__file__).resolve()
SIZES = tuple(name for provider in PROVIDERS for name in provider.sizes)


class Command(BaseCommand):
    """Seed the sandbox when it is empty, then become its server."""

    help = "Run the simulated providers."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8100)
        parser.add_argument("--seed", type=int, default=1)
        for name in SIZES:
            parser.add_argument(f"--{name}", type=int)
        parser.add_argument("--reset", action="store_true", help="start from new data")

    def handle(self, *args: Any, **options: Any) -> None:
        config = Config.from_environ()
        if options["reset"]:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{config.database}{suffix}").unlink(missing_ok=True)
        sizes = {n: options[n] for n in SIZES if options[n] is not None}
        storage = Storage(config.database)
        sandbox = Sandbox(storage, config=config, providers=PROVIDERS)
        fresh = sandbox.seed(Plan(seed=options["seed"], sizes=sizes))
        storage.close()
        state = f"seeded {', '.join(fresh)}" if fresh else "data kept"
        address = f"{options['host']}:{options['port']}"
        self.stdout.write(f"Sandbox on http://{address}/ ({state})")
        self.stdout.flush()
        os.environ["SANDBOX_DATABASE"] = str(config.database.resolve())
        os.execv(sys.executable, server_command(address))  # noqa: S606


def server_command(address: str) -> list[str]:
    """Return what serves the database of ``SANDBOX_DATABASE`` at ``host:port``."""
    settings = [f"--config={SETTINGS}", f"--chdir={SETTINGS.parent.parent}"]
    return [sys.executable, "-m", "gunicorn", *settings, f"--bind={address}"]

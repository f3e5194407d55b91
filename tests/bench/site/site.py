"""Run a product of the benchmark's own: temporary database, Valkey, page server."""

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.real.support.processes import Running, free_ports, listens, wait_until
from tests.real.support.stack import BASE_DIR, Stack

EMAIL = "alice@example.com"
IDENTITY = "555111:4242"


class Site:
    """Own everything that one benchmark starts, and end it."""

    def __init__(self, directory: Path, **values: str) -> None:
        self.directory = directory
        self.pages_port = free_ports(1)[0]
        self.pages_url = f"http://localhost:{self.pages_port}"
        self._pages: Running | None = None
        values = {"LOG_LEVEL": "WARNING", "SANDBOX": self.pages_url, **values}
        self.stack = Stack(directory, fork_servers=None, **values)
        self.environment = self.stack.plan.environment
        self.database = directory / "var" / "mooring.sqlite3"

    def start(self) -> None:
        """Migrate, and start Valkey: what every benchmark needs."""
        self.stack.prepare()
        self.stack.start("valkey")

    def start_pages(self, *, workspaces: int = 0) -> None:
        """Start the server of contacts in a process of its own."""
        path = str(self.directory / "pages.sqlite3")
        self.start_server("tests.bench.site.pages", path, str(workspaces))

    def start_server(self, module: str, *arguments: str) -> None:
        """Start what answers in the providers' place in a process of its own.

        It takes the place of one that is there already.
        """
        if self._pages is not None:
            self._pages.kill()
        self._pages = Running(
            [self.python, "-m", module, str(self.pages_port), *arguments],
            log=self.directory / "pages.log",
            environment=self.environment,
            cwd=BASE_DIR,
        )
        wait_until(
            lambda: listens(self.pages_port), "the page server listens", seconds=90
        )

    @property
    def python(self) -> str:
        """Return the interpreter that the product's processes use."""
        return self.stack.plan.processes[-1].command[0]

    def pages(self, **order: float) -> dict[str, Any]:
        """Give the page server an order; return what it answered since the last."""
        answer = requests.post(f"{self.pages_url}/bench", json=order, timeout=30)
        answer.raise_for_status()
        return dict(answer.json())

    def consent(self, authorize_url: str, **form: str) -> str:
        """Say yes on the sandbox's consent page; return the code."""
        answer = requests.post(
            authorize_url,
            data={**form, "identity": IDENTITY, "action": "connect"},
            allow_redirects=False,
            timeout=30,
        )
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    def copy_database(self, target: Path) -> None:
        """Copy the database, which nobody may have open."""
        shutil.copy(self.database, target)

    def close(self) -> None:
        """End every process."""
        if self._pages is not None:
            self._pages.kill()
        self.stack.close()

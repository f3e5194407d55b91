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
SANDBOX = "sandbox"


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

    def start_pages(self, *, workspaces: int = 0, of_all: bool = False) -> None:
        """Start the server of contacts, or of all kinds, in a process of its own."""
        path = str(self.directory / "pages.sqlite3")
        numbers = (str(workspaces), str(int(of_all)))
        self.start_server("tests.bench.site.pages", path, *numbers)

    def resize_sandbox(self, **sizes: int) -> None:
        """Let the sandbox start anew with so many of each."""
        (command,) = (p.command for p in self.stack.plan.processes if p.name == SANDBOX)
        words = (word for name, n in sizes.items() for word in (f"--{name}", str(n)))
        self.stack.commands[SANDBOX] = [*command, "--reset", *words]

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

    def arrivals(self) -> dict[str, list[float]]:
        """Return when calls came to a server of JSON, by what their limit is for."""
        return dict(requests.get(f"{self.pages_url}/bench", timeout=30).json())

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

"""Time lists for eight clients at once, beside a bare Django view of the same rows.

Both are served by gunicorn, one process of it, and take turns. The processor's time of
that process is told as well, which neighbours change less than the clock.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.bench.site import product, table_rows
from tests.bench.site.site import EMAIL, Site
from tests.bench.support.figures import Figures, median, percentile
from tests.real.support.processes import Running, free_ports, listens, wait_until
from tests.real.support.stack import BASE_DIR

DEALS = 100_000
CLIENTS, REQUESTS, ROUNDS = 8, 12, 4
MOST_RATIO = 1.5


@dataclass(kw_only=True)
class Server:
    """A server, and what its pages took: milliseconds of the clock, and in all.

    ``seconds`` are of the clock and of the processor for all of its pages together.
    """

    url: str
    group: int
    wall: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def text(self) -> str:
        """Return what its pages took in words."""
        count = len(self.wall)
        return (
            f"p50 {median(self.wall):.0f}, p99 {percentile(self.wall, 0.99):.0f} ms,"
            f" {count / self.seconds:.0f} a second,"
            f" CPU {1000 * self.cpu_seconds / count:.1f} ms each"
        )


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Fill a table, start both servers, and let clients ask each in turns."""
    del long
    site.stack.start("web")
    # Before the rows, because a user who is there already has no password.
    cookies = site.stack.user(EMAIL).session.cookies.get_dict()
    collection = table_rows.fill(product.make_user(), DEALS)
    table_rows.index(collection)
    measure_pages(site, figures, str(collection.pk), cookies)


def measure_pages(
    site: Site, figures: Figures, collection: str, cookies: dict[str, str]
) -> None:
    """Start the floor's server as well, and let clients ask each in turns."""
    figures.title = f"{CLIENTS} clients, {DEALS:,} deals, SQLite, gunicorn"
    bare_url, bare = _start_bare(site)
    try:
        for what, path, floor_path in (
            ("list", "/items/", "/bare/"),
            ("table", f"/collections/{collection}/", f"/bare/{collection}/"),
        ):
            page = Server(
                url=site.stack.url + path, group=site.stack.running["web"].pid
            )
            floor = Server(url=bare_url + floor_path, group=bare.pid)
            for _ in range(ROUNDS):
                for server in (floor, page):
                    _visit(server, cookies)
            _note(figures, what, page, floor)
    finally:
        bare.kill()


def _start_bare(site: Site) -> tuple[str, Running]:
    """Start gunicorn with the bare views, as the product's own is started."""
    at, port = urlsplit(site.stack.url).port, free_ports(1)[0]
    command = [
        word.replace("config.wsgi", "tests.bench.support.bare_wsgi").replace(
            f":{at}", f":{port}"
        )
        for word in site.stack.commands["web"]
    ]
    running = Running(
        command,
        log=site.directory / "bare.log",
        environment=dict(site.environment),
        cwd=BASE_DIR,
    )
    wait_until(lambda: listens(port), "the bare view listens", seconds=60)
    return f"http://localhost:{port}", running


def _visit(server: Server, cookies: dict[str, str]) -> None:
    """Let all clients ask for a page so often, the first few unmeasured."""
    _ask(server.url, cookies, 3)
    began, spent = time.perf_counter(), _cpu_seconds(server.group)
    with ThreadPoolExecutor(CLIENTS) as clients:
        asked = [
            clients.submit(_ask, server.url, cookies, REQUESTS) for _ in range(CLIENTS)
        ]
        server.wall += [each for one in asked for each in one.result()]
    server.seconds += time.perf_counter() - began
    server.cpu_seconds += _cpu_seconds(server.group) - spent


def _ask(url: str, cookies: dict[str, str], count: int) -> list[float]:
    taken = []
    with requests.Session() as session:
        session.cookies.update(cookies)
        for _ in range(count):
            began = time.perf_counter()
            page = session.get(url, timeout=60)
            taken.append((time.perf_counter() - began) * 1000)
            assert page.status_code == 200, f"{url} answered {page.status_code}"
            assert "<tr" in page.text, f"{url} shows no row"
    return taken


def _cpu_seconds(group: int) -> float:
    """Return the processor's seconds that all processes of a group have spent."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = path.read_text().rpartition(")")[2].split()
        except OSError:
            # It has ended meanwhile.
            continue
        if int(told[2]) == group:
            ticks += int(told[11]) + int(told[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _note(figures: Figures, what: str, page: Server, floor: Server) -> None:
    figures.add(f"bare Django view of a {what}", floor.text)
    figures.add(what, page.text)
    for name, ratio in (
        ("p50", median(page.wall) / median(floor.wall)),
        ("p99", percentile(page.wall, 0.99) / percentile(floor.wall, 0.99)),
        ("time for all", page.seconds / floor.seconds),
        ("CPU", page.cpu_seconds / floor.cpu_seconds),
    ):
        figures.at_most(f"{what}: {name} / bare", ratio, MOST_RATIO, unit=" x")

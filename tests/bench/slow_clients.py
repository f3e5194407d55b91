"""Time a plain page beside slow anonymous POSTs: gunicorn itself, and behind nginx."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests

from tests.bench.site.site import Site
from tests.bench.support.figures import Figures, percentile
from tests.real.support.processes import Running, free_ports, listens, wait_until
from tests.real.support.stack import BASE_DIR
from tests.support.slow_clients import slow_clients

COUNTS = (16, 64, 256)
REPETITIONS = 100
PATIENCE_SECONDS = 5.0
MOST_RATIO = 2.0
PATH = "/accounts/login/"


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Ask for a page undisturbed, and then beside more and more slow clients."""
    figures.title = "a page beside slow POSTs, two processes of gunicorn, SQLite"
    stack = site.stack
    stack.start("web")
    port = urlsplit(stack.url).port or 80
    _compare(site, figures, port=port, what="gunicorn itself")
    if shutil.which("nginx") is None:
        figures.add("behind nginx", "not measured: there is no nginx")
        return
    with _nginx(site, port) as proxy_port:
        _compare(site, figures, port=proxy_port, what="behind nginx")


def _compare(site: Site, figures: Figures, *, port: int, what: str) -> None:
    host = urlsplit(site.stack.url).netloc
    url = f"http://127.0.0.1:{port}{PATH}"
    undisturbed = _p95(url, host)
    figures.add(f"{what}: p95 of a page undisturbed", f"{undisturbed:.1f} ms")
    for count in COUNTS:
        with slow_clients("slow body", count, port=port, host=host):
            late = _p95(url, host)
        ratio = late / undisturbed
        figures.at_most(f"{what}: p95 beside {count}", ratio, MOST_RATIO, unit="x")


def _p95(url: str, host: str) -> float:
    """Return the 95th percentile in milliseconds; no answer counts as infinite."""
    taken = []
    for number in range(REPETITIONS + 5):
        started = time.perf_counter()
        try:
            page = requests.get(url, headers={"Host": host}, timeout=PATIENCE_SECONDS)
        except requests.RequestException:
            # Three more would tell nothing new, and take their time.
            return float("inf")
        assert page.status_code == 200, f"{url} answered {page.status_code}"
        if number >= 5:
            taken.append((time.perf_counter() - started) * 1000)
    return percentile(taken, 0.95)


@contextmanager
def _nginx(site: Site, web_port: int) -> Iterator[int]:
    """Run nginx with the configuration of compose.yaml, on a port of its own."""
    port = free_ports(1)[0]
    server = (BASE_DIR / "config" / "proxy" / "nginx.conf").read_text("utf-8")
    server = server.replace("listen 8080", f"listen 127.0.0.1:{port}")
    server = server.replace("http://web:8000", f"http://127.0.0.1:{web_port}")
    directory = site.directory / "nginx"
    (directory / "logs").mkdir(parents=True)
    main = directory / "nginx.conf"
    places = "".join(
        f"{kind}_temp_path {directory}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main.write_text(
        f"pid {directory}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{places}"
        f"{server}\n}}\n"
    )
    command = ["nginx", "-p", str(directory), "-c", str(main), "-g", "daemon off;"]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    running = Running(
        command, log=directory / "log", environment=dict(site.environment), cwd=BASE_DIR
    )
    try:
        wait_until(lambda: listens(port), "nginx listens")
        yield port
    finally:
        running.kill()

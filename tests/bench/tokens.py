"""Compare reads of an access token with bare reads, and let many refresh one at once.

The floor is what cannot be saved: django-redis gets the entry, and it is decrypted.
"""

import subprocess
import time
from contextlib import ExitStack
from uuid import UUID

from django.core.cache import cache
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Connection, Credential
from integrations.services.grants import credentials, token_cache, tokens
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures, percentile
from tests.real.support.stack import BASE_DIR

READS = 5000
CONTACTS = 20_000
PROCESSES, THREADS = 8, 8
TOKEN_PATH = "/oauth/"


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Read one token often, load pages with it, and let it expire under many."""
    del long
    site.start_pages()
    connection = product.connect(site)
    _compare_reads(figures, connection.pk)
    _count_reads(site, figures, connection)
    _refresh_at_once(site, figures, connection.pk)


def _compare_reads(figures: Figures, connection_id: UUID) -> None:
    """Take turns with the floor; a quarter of the reads are as quick as told."""
    seen = tokens.token_for(connection_id)
    key = token_cache._key(connection_id, seen.generation, seen.version)

    def bare() -> None:
        sealed = cache.get(key).partition("|")[2]
        credentials.open_cached(
            sealed, connection_id=connection_id, generation=seen.generation
        )

    def ours() -> None:
        tokens.token_for(connection_id, seen=seen)

    took: dict[str, list[float]] = {"get and decrypt": [], "token read": []}
    with CaptureQueriesContext(database) as queries:
        for _ in range(READS):
            for what, read in zip(took, (bare, ours), strict=True):
                started = time.perf_counter()
                read()
                took[what].append(time.perf_counter() - started)
    quick = [percentile(each, 0.25) for each in took.values()]
    for what, seconds in zip(took, quick, strict=True):
        figures.add(what, f"{seconds * 1e6:.0f} µs")
    ratio = quick[1] / quick[0]
    figures.at_most("token read / get and decrypt", ratio, 1.2, unit=" x")
    figures.at_most("queries of all reads", len(queries), 0, digits=0)


def _count_reads(site: Site, figures: Figures, connection: Connection) -> None:
    """Count how often a full refresh reads its token, by what it asks the server."""
    reads, read = 0, token_cache.get

    def counted(*arguments: object) -> object:
        nonlocal reads
        reads += 1
        return read(*arguments)  # type: ignore[arg-type]

    site.pages(contacts=CONTACTS)
    token_cache.get = counted  # type: ignore[assignment]
    try:
        product.sync(connection, full=True)
    finally:
        token_cache.get = read
    assert reads, "no token is read by what is counted here"
    calls = sum(site.pages()["calls"].values())
    figures.add(f"token reads for {calls} calls", str(reads))
    figures.at_most("token reads / calls", reads / calls, 1, unit=" x")


def _refresh_at_once(site: Site, figures: Figures, connection_id: UUID) -> None:
    """Let the token be over, and all workers ask for it in the same moment."""
    Credential.objects.filter(connection_id=connection_id).update(
        access_expires_at=timezone.now()
    )
    database.close()
    command = [site.python, "-m", "tests.bench.support.token_worker"]
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, str(connection_id), str(THREADS)],
                    cwd=BASE_DIR,
                    env=site.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(PROCESSES)
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        site.pages()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        told = [worker.communicate()[0].split() for worker in workers]
    calls = site.pages()["calls"]
    refreshes = sum(n for path, n in calls.items() if TOKEN_PATH in path)
    workers_told = [each for line in told for each in line]
    assert len(workers_told) == PROCESSES * THREADS, workers_told
    what = f"refreshes of {len(workers_told)} workers with one expired token"
    figures.at_most(what, refreshes, 1, digits=0)
    different = len({*workers_told})
    figures.at_most("different answers that they got", different, 1, digits=0)

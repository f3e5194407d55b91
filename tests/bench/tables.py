"""Time the pages of a table of 100,000 rows, beside a bare Django view of them.

Without a server between: through Django's test client, so that what is measured is
the page alone. Beside the time of the clock stands that of the processor, which says
more on a machine with neighbours. ``--long`` measures once more with 900,000 items
around the table, and what leads to those, on PostgreSQL.
"""

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.db import connection as database
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Item
from integrations.services.items.tables import kept_totals
from tests.bench.site import account, addresses, product, table_rows
from tests.bench.site.addresses import DEEP_PAGE, WRITTEN
from tests.bench.site.site import Site
from tests.bench.support import bare
from tests.bench.support.figures import Figures, median, percentile
from tests.support.plans import whole_reads

# With the companies that are around the deals as well, a million.
DEALS, CONTACTS = 100_000, 880_000
REPETITIONS = 40
LIMIT_MS, SUMS_LIMIT_MS, MOST_QUERIES = 60.0, 100.0, 12
LIST_RATIO, MOST_LIST_BYTES = 1.5, 40_000
LIST = "list"
LIST_FLOOR, FLOOR = "bare Django view of a list", "bare Django view of a table"
DEEP_RATIO, LARGE_RATIO = 1.3, 1.5


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a page took: milliseconds of the clock and of the processor, queries.

    ``whole`` are the queries that read a table from one end to the other, ``sent`` the
    bytes on the wire, ``server`` the milliseconds of PostgreSQL's processor.
    """

    wall: list[float]
    cpu: list[float]
    queries: int
    size: int
    whole: list[str]
    sent: int
    server: float

    @property
    def work(self) -> float:
        """Return the processor's milliseconds, with those of PostgreSQL."""
        return median(self.cpu) + self.server


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Fill the table, build its indexes, and ask for each kind of page."""
    del site
    collection = table_rows.fill(product.make_user(), DEALS)
    table_rows.index(collection)
    figures.title = f"tables of {DEALS:,} deals, {database.vendor}, no server between"
    small = measure_pages(collection, figures)
    if long and database.vendor == "postgresql":
        measure_large(
            collection, account.surround(collection, CONTACTS), figures, small
        )


def measure_large(
    deals: Collection, contacts: Collection, figures: Figures, small: dict[str, Taken]
) -> None:
    """Ask once more with a million items, compare, and ask for what is around."""
    figures.add(f"with {Item.objects.count():,} items", "")
    large = measure_pages(deals, figures)
    for what, taken in large.items():
        if what in (LIST_FLOOR, FLOOR):
            continue
        # Beside the bare views of each, because the machine may be busier by now.
        floor = LIST_FLOOR if what.startswith(LIST) else FLOOR
        grown = taken.work / small[what].work
        ratio = grown * small[floor].work / large[floor].work
        figures.at_most(f"{what}, large / small, CPU", ratio, LARGE_RATIO, unit=" x")
    user = deals.connection.owner
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    for what, address in addresses.around(contacts).items():
        note_page(figures, what, ask(client, address), floor=large[LIST])


def measure_pages(collection: Collection, figures: Figures) -> dict[str, Taken]:
    """Ask for each kind of page, the floors first; return what each took."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            # As the server's own upkeep does by itself, within minutes of a load.
            cursor.execute("VACUUM ANALYZE")
    user = collection.connection.owner
    with override_settings(ROOT_URLCONF=bare.__name__, MIDDLEWARE=bare.MIDDLEWARE):
        client = Client(headers={"host": "localhost"})
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        list_floor = ask(client, "/bare/")
        floor = ask(client, f"/bare/{collection.pk}/")
    figures.add(LIST_FLOOR, to_text(list_floor, floor=list_floor))
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    pages = {LIST_FLOOR: list_floor, FLOOR: floor}
    for what, address in addresses.of_list(user.pk).items():
        pages[what] = ask(client, address)
        note_list(figures, what, pages[what], floor=list_floor)
    figures.add(FLOOR, to_text(floor, floor=floor))
    for what, address in addresses.of_table(collection).items():
        before = kept_totals.forget if what.endswith(WRITTEN) else _nothing
        pages[what] = ask(client, address, before=before)
        note_page(figures, what, pages[what], floor=floor)
    for what, first in ((LIST, LIST), ("page", "first page")):
        deep = (
            f"{what}, page {DEEP_PAGE:,}" if what == LIST else f"{what} {DEEP_PAGE:,}"
        )
        ratio = pages[deep].work / pages[first].work
        figures.at_most(f"{deep} / {first}, CPU", ratio, DEEP_RATIO, unit=" x")
    return pages


def _nothing() -> None:
    """Do nothing before a page is asked for."""


def ask(
    client: Client, address: str, *, before: Callable[[], None] = _nothing
) -> Taken:
    """Ask for a page, a few times unmeasured, and once to look at its queries.

    What is done ``before`` each is not measured.
    """
    for _ in range(3):
        page = client.get(address)
        assert page.status_code == 200, f"{address} answered {page.status_code}"
        is_list = address.startswith(("/items/?", "/collections/", "/bare/"))
        assert not is_list or b"<tr" in page.content, f"{address} shows no row"
    before()
    with CaptureQueriesContext(database) as queries:
        client.get(address)
    # Looked at now, because the next request forgets them.
    asked = [str(query["sql"]) for query in queries.captured_queries]
    sent = client.get(address, headers={"accept-encoding": "gzip"}).content
    wall, cpu, server = [], [], list[float]()
    gc.collect()
    for _ in range(REPETITIONS):
        before()
        server.append(_server_ms())
        began, spent = time.perf_counter(), time.process_time()
        client.get(address)
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - spent) * 1000)
    server.append(_server_ms())
    steps = sorted(later - earlier for earlier, later in pairwise(server))
    # The server's own upkeep ends now and then, among those that helped.
    usual = steps[: -max(1, REPETITIONS // 20)]
    return Taken(
        wall=wall,
        cpu=cpu,
        queries=len(asked),
        size=len(page.content),
        whole=whole_reads(asked),
        sent=len(sent),
        server=sum(usual) / len(usual),
    )


def _server_ms() -> float:
    """Return the processor's milliseconds of PostgreSQL's processes so far, else 0.

    Those that help with one query are children that end with it.
    """
    if database.vendor != "postgresql":
        return 0.0
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    told = _stat(pid)
    ticks = [*told[11:13], *_stat(int(told[1]))[13:15]]
    return 1000 * sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Return what the kernel tells of a process, behind its name."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def note_list(figures: Figures, what: str, taken: Taken, *, floor: Taken) -> None:
    """Note what a page of the list took, beside the floor."""
    is_met = _ratio(taken, floor) <= LIST_RATIO and taken.size <= MOST_LIST_BYTES
    target = f"<= {LIST_RATIO:g} x, {MOST_LIST_BYTES / 1000:g} kB"
    figures.add(what, to_text(taken, floor=floor), target=target, ok=is_met)


def note_page(figures: Figures, what: str, taken: Taken, *, floor: Taken) -> None:
    """Note what another page took, beside the floor."""
    limit = SUMS_LIMIT_MS if "sums" in what else LIMIT_MS
    is_quick = percentile(taken.wall, 0.95) <= limit
    is_met = is_quick and taken.queries <= MOST_QUERIES and not taken.whole
    target = f"p95 <= {limit:g} ms, {MOST_QUERIES} queries"
    figures.add(what, to_text(taken, floor=floor), target=target, ok=is_met)


def _ratio(taken: Taken, floor: Taken) -> float:
    return median(taken.cpu) / median(floor.cpu)


def to_text(taken: Taken, *, floor: Taken) -> str:
    """Write what a page took in one line."""
    whole = f", {len(taken.whole)} of a whole table" if taken.whole else ""
    late, late_cpu = percentile(taken.wall, 0.95), percentile(taken.cpu, 0.95)
    server = f" + {taken.server:.0f} of the server" if taken.server else ""
    return (
        f"p50 {median(taken.wall):.0f}, p95 {late:.0f} ms"
        f" = {late / percentile(floor.wall, 0.95):.1f} x,"
        f" CPU p50 {median(taken.cpu):.0f}, p95 {late_cpu:.0f} ms"
        f" = {_ratio(taken, floor):.1f} x{server},"
        f" {taken.queries} queries{whole},"
        f" {taken.size / 1000:.0f} kB, {taken.sent / 1000:.1f} sent"
    )

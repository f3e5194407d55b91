"""Time the pages of a table of 100,000 rows, beside a bare Django view of them.

Without a server between: through Django's test client, so that what is measured is
the page alone. Beside the time of the clock stands that of the processor, which says
more on a machine with neighbours. ``--long`` puts 900,000 other items beside, on
PostgreSQL.
"""

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection as database
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Item, PropertyIndex
from integrations.services.items.lists.query import ItemQuery, Position
from integrations.services.items.tables import kept_totals
from integrations.services.items.tables.cursors import Cursor
from tests.bench.site import product, table_rows
from tests.bench.site.site import Site
from tests.bench.support import bare
from tests.bench.support.figures import Figures, median, percentile
from tests.support.plans import whole_reads

DEALS, NEIGHBOURS = 100_000, 900_000
REPETITIONS = 40
LIMIT_MS, SUMS_LIMIT_MS, MOST_QUERIES = 60.0, 100.0, 12
LIST_RATIO, MOST_LIST_BYTES = 1.5, 40_000
DEEP_PAGE, SIZE, DEEP_RATIO = 1000, 50, 1.3
# Pages whose totals nothing is known of, as after each write.
WRITTEN = ", after a write"


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


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Fill the table, build its indexes, and ask for each kind of page."""
    del site
    collection = table_rows.fill(product.make_user(), DEALS)
    if long and database.vendor == "postgresql":
        table_rows.add_neighbours(collection, NEIGHBOURS)
    table_rows.index(collection)
    figures.title = f"tables of {DEALS:,} deals, {database.vendor}, no server between"
    measure_pages(collection, figures)


def measure_pages(collection: Collection, figures: Figures) -> None:
    """Ask for each kind of page; the floors are asked for first."""
    user = collection.connection.owner
    with override_settings(ROOT_URLCONF=bare.__name__, MIDDLEWARE=bare.MIDDLEWARE):
        client = Client(headers={"host": "localhost"})
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        list_floor = ask(client, "/bare/")
        floor = ask(client, f"/bare/{collection.pk}/")
    figures.add("bare Django view of a list", to_text(list_floor, floor=list_floor))
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    for what, address in lists(user.pk).items():
        note_list(figures, what, ask(client, address), floor=list_floor)
    figures.add("bare Django view of a table", to_text(floor, floor=floor))
    first = None
    for what, address in tables(collection).items():
        path = f"/collections/{collection.pk}/{address}"
        is_written = what.endswith(WRITTEN)
        taken = ask(client, path, before=kept_totals.forget if is_written else _nothing)
        note_table(figures, what, taken, floor=floor)
        first = first or taken
        if what == f"page {DEEP_PAGE:,}":
            deep = median(taken.cpu) / median(first.cpu)
            figures.at_most(f"{what} / first page, CPU", deep, DEEP_RATIO, unit=" x")


def lists(owner_id: int) -> dict[str, str]:
    """Return pages of the list over everything."""
    rows = Item.objects.live().filter(owner=owner_id)
    last = rows.order_by("-remote_updated_at", "-id")[DEEP_PAGE * SIZE]
    at = Position(field="remote_updated_at", value=last.remote_updated_at, id=last.pk)
    deep = ItemQuery(after=at)
    return {"list": "/items/", f"list, page {DEEP_PAGE:,}": deep.url}


def tables(collection: Collection) -> dict[str, str]:
    """Return pages of the table by what they show."""
    by_amount = _deep(collection, "-amount")
    return {
        "first page": "",
        f"page {DEEP_PAGE:,}": f"?after={_deep(collection, '-item.updated')}",
        "filtered by two": "?dealstage__is=Won&hubspot_owner_id__is=Ada+Berg+0",
        "filtered by two, wide": "?amount__gt=1000&pipeline__is=Sales",
        "the same, sorted": "?amount__gt=1000&pipeline__is=Sales&sort=-closedate",
        "any of two": "?amount__gt=1000&pipeline__is=Sales&match=any",
        "is not, contains": "?dealstage__not=Lost&item.name__contains=harb",
        "sorted": "?sort=-amount",
        f"sorted, page {DEEP_PAGE:,}": f"?sort=-amount&after={by_amount}",
        "sorted by name": "?sort=item.name",
        "grouped, sums": "?group=dealstage",
        "grouped by owner, sums": "?group=hubspot_owner_id",
        "grouped, filtered, sums": "?group=dealstage&pipeline__is=Sales",
        f"grouped, sums{WRITTEN}": "?group=dealstage",
        f"grouped by owner, sums{WRITTEN}": "?group=hubspot_owner_id",
        f"grouped, filtered, sums{WRITTEN}": "?group=dealstage&pipeline__is=Sales",
        "searched, frequent": "?q=harbour",
        "searched, rare": "?q=harbour+90011",
        "searched, filtered": "?q=harbour&dealstage__is=Won",
    }


def _deep(collection: Collection, order: str) -> str:
    """Return the position that following *Next* so many times leads to."""
    last = DEEP_PAGE * SIZE
    if order == "-item.updated":
        rows = Item.objects.live().filter(collection=collection)
        row = rows.order_by("-remote_updated_at", "-id")[last]
        at = row.remote_updated_at
        cursor = Cursor(order=order, value=at.isoformat() if at else None, id=row.pk)
        return cursor.to_token()
    index = PropertyIndex.objects.get(collection=collection, name=order[1:])
    values = index.values.filter(number__isnull=False, position=0)  # type: ignore[attr-defined]
    found = values.order_by("-number", "-item")[last]
    return Cursor(order=order, value=found.number, id=found.item_id).to_token()


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
        assert "<tr" in page.content.decode(), f"{address} shows no row"
    before()
    with CaptureQueriesContext(database) as queries:
        client.get(address)
    # Looked at now, because the next request forgets them.
    asked = [str(query["sql"]) for query in queries.captured_queries]
    sent = client.get(address, headers={"accept-encoding": "gzip"}).content
    wall, cpu = [], []
    gc.collect()
    server = _server_ms()
    for _ in range(REPETITIONS):
        before()
        began, spent = time.perf_counter(), time.process_time()
        client.get(address)
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - spent) * 1000)
    server_ms = (_server_ms() - server) / REPETITIONS
    return Taken(
        wall=wall,
        cpu=cpu,
        queries=len(asked),
        size=len(page.content),
        whole=whole_reads(asked),
        sent=len(sent),
        server=server_ms,
    )


def _server_ms() -> float:
    """Return the processor's milliseconds of PostgreSQL's process so far, else 0."""
    if database.vendor != "postgresql":
        return 0.0
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * sum(map(int, told[11:13])) / os.sysconf("SC_CLK_TCK")


def note_list(figures: Figures, what: str, taken: Taken, *, floor: Taken) -> None:
    """Note what a page of the list took, beside the floor."""
    is_met = _ratio(taken, floor) <= LIST_RATIO and taken.size <= MOST_LIST_BYTES
    target = f"<= {LIST_RATIO:g} x, {MOST_LIST_BYTES / 1000:g} kB"
    figures.add(what, to_text(taken, floor=floor), target=target, ok=is_met)


def note_table(figures: Figures, what: str, taken: Taken, *, floor: Taken) -> None:
    """Note what a page of the table took, beside the floor."""
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

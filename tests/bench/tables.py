"""Time the pages of a table of 100,000 rows, beside a bare Django view of them.

Without a server between: through Django's test client, so that what is measured is
the page alone. Beside the time of the clock stands that of the processor, which says
more on a machine with neighbours. ``--long`` puts 900,000 other items beside, on
PostgreSQL.
"""

import gc
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection as database
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Item, PropertyIndex
from integrations.services.items.lists.query import ItemQuery, Position
from integrations.services.items.tables.cursors import Cursor
from tests.bench import bare
from tests.bench.figures import Figures, median, percentile
from tests.bench.site import product, table_rows
from tests.bench.site.site import Site
from tests.support.plans import whole_reads

DEALS, NEIGHBOURS = 100_000, 900_000
REPETITIONS = 40
LIMIT_MS, SUMS_LIMIT_MS, MOST_QUERIES = 60.0, 100.0, 12
LIST_RATIO, MOST_LIST_BYTES = 1.5, 40_000
DEEP_PAGE, SIZE = 1000, 50


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a page took: milliseconds of the clock and of the processor, queries.

    ``whole`` are the queries that read a table from one end to the other.
    """

    wall: list[float]
    cpu: list[float]
    queries: int
    size: int
    whole: list[str]


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
    for what, address in tables(collection).items():
        taken = ask(client, f"/collections/{collection.pk}/{address}")
        note_table(figures, what, taken, floor=floor)


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


def ask(client: Client, address: str) -> Taken:
    """Ask for a page, a few times unmeasured, and once to look at its queries."""
    for _ in range(3):
        page = client.get(address)
        assert page.status_code == 200, f"{address} answered {page.status_code}"
        assert "<tr" in page.content.decode(), f"{address} shows no row"
    with CaptureQueriesContext(database) as queries:
        client.get(address)
    # Looked at now, because the next request forgets them.
    asked = [str(query["sql"]) for query in queries.captured_queries]
    wall, cpu = [], []
    gc.collect()
    for _ in range(REPETITIONS):
        began, spent = time.perf_counter(), time.process_time()
        client.get(address)
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - spent) * 1000)
    return Taken(
        wall=wall,
        cpu=cpu,
        queries=len(asked),
        size=len(page.content),
        whole=whole_reads(asked),
    )


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
    return (
        f"p50 {median(taken.wall):.0f}, p95 {percentile(taken.wall, 0.95):.0f},"
        f" CPU {median(taken.cpu):.0f} ms = {_ratio(taken, floor):.1f} x,"
        f" {taken.queries} queries{whole}, {taken.size / 1000:.0f} kB"
    )

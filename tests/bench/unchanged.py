"""Count what a sync without news costs: requests sent and item rows written."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import connection as database

from integrations.models import SyncRun
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures

CONTACTS = 20_000
LISTING = "/search"
# The least that any plan of HubSpot has, and a sync every quarter of an hour.
CALLS_A_DAY, SYNCS_A_DAY = 250_000, 96
COUNTER = "bench_item_writes"


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Sync incrementally and then in full over data nobody has touched."""
    site.start_pages()
    connection = product.connect(site, only="")
    site.pages(contacts=CONTACTS)
    product.sync(connection, full=True)
    collections = connection.collections.filter(is_selected=True).count()
    site.pages()

    with counted_writes() as writes:
        product.sync(connection)
    _note_requests(figures, site.pages()["calls"], collections)
    figures.at_most("items written by an incremental sync", writes[0], 0, digits=0)

    with counted_writes() as writes:
        run = product.sync(connection, full=True)
    _note_pass(figures, run, writes[0])


def _note_requests(figures: Figures, calls: Mapping[str, int], places: int) -> None:
    """Tell requests for what changed from those for what no date tells of."""
    listing = sum(count for path, count in calls.items() if path.endswith(LISTING))
    what = "requests of an incremental sync for what changed, a collection"
    figures.at_most(what, listing / places, 1, digits=0)
    a_day = (sum(calls.values()) - listing) * SYNCS_A_DAY / CALLS_A_DAY
    figures.at_most("those for links, of a day's calls", a_day * 100, 2, unit=" %")


def _note_pass(figures: Figures, run: SyncRun, writes: int) -> None:
    what = f"items written by a second full refresh over {run.seen:,}"
    figures.at_most(what, writes, 0, digits=0)


@contextmanager
def counted_writes() -> Iterator[list[int]]:
    """Count writes to the items' table by triggers, behind the product's back."""
    counts = [0]
    with database.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {COUNTER} (what TEXT)")
        for event in ("INSERT", "UPDATE", "DELETE"):
            note = f"INSERT INTO {COUNTER} VALUES ('{event}')"
            cursor.execute(
                f"CREATE TRIGGER {COUNTER}_{event} AFTER {event} ON integrations_item"
                f" BEGIN {note}; END"
            )
        yield counts
        cursor.execute(f"SELECT count(*) FROM {COUNTER}")
        counts[0] = cursor.fetchone()[0]
        for event in ("INSERT", "UPDATE", "DELETE"):
            cursor.execute(f"DROP TRIGGER {COUNTER}_{event}")
        cursor.execute(f"DROP TABLE {COUNTER}")

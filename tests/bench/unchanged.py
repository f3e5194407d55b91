"""Count what a sync of no news, or of few, costs: requests, and item rows written."""

import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import connection as database
from django.utils import timezone

from integrations.models import Connection, SyncRun
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures

CONTACTS, LONG = 50_000, 1_000_000
# What changed: a little, and more than HubSpot's search tells of one question.
CHANGED = (500, 15_000)
LATENCY_MS = 50
# A search tells so many ids, and a batch so many records.
SEARCHED, READ = 200, 100
ASKED = re.compile(r"/objects/[^/]+/contacts/(search|batch/read)")
# Whether some stored contacts are still there is asked in two batches beside them.
PROBES = 2
LISTING = "/search"
# The least that any plan of HubSpot has, and a sync every quarter of an hour.
CALLS_A_DAY, SYNCS_A_DAY = 250_000, 96
# Two of a hundred for links, and what asks whether stored items are still there.
SHARE_ALLOWED = 2.5
COUNTER = "bench_item_writes"


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Sync incrementally and then in full over data nobody has touched."""
    site.start_pages()
    connection = product.connect(site, only="")
    site.pages(contacts=LONG if long else CONTACTS)
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

    for count in CHANGED:
        _sync_changes(site, figures, connection, count)


def _note_requests(figures: Figures, calls: Mapping[str, int], places: int) -> None:
    """Tell requests for what changed from those for what no date tells of."""
    listing = sum(count for path, count in calls.items() if path.endswith(LISTING))
    what = "requests of an incremental sync for what changed, a collection"
    figures.at_most(what, listing / places, 1, digits=0)
    a_day = (sum(calls.values()) - listing) * SYNCS_A_DAY / CALLS_A_DAY
    what = "those for links and deletions, of a day's calls"
    figures.at_most(what, a_day * 100, SHARE_ALLOWED, unit=" %")


def _sync_changes(
    site: Site, figures: Figures, connection: Connection, count: int
) -> None:
    """Sync what changed, late as a provider is, beside the least that it can take."""
    # A sync that somebody asks for reads all links again, while their share lasts.
    spent = Connection.objects.filter(pk=connection.pk)
    spent.update(link_calls_paid_until=timezone.now())
    connection.refresh_from_db()
    site.pages(changed=count, latency_ms=LATENCY_MS)
    started, used = time.monotonic(), time.process_time()
    run = product.sync(connection)
    seconds, used = time.monotonic() - started, time.process_time() - used
    calls = site.pages(latency_ms=0)["calls"]
    assert run.changed == count, f"{run.changed} of {count} were found"
    asked = sum(number for path, number in calls.items() if ASKED.search(path))
    least = math.ceil(count / SEARCHED) + math.ceil(count / READ)
    what, every = f"{count:,} changed", sum(calls.values())
    told = f"{asked} requests for them of {every}, {seconds:.2f} s, {used:.2f} s of CPU"
    figures.add(what, told)
    ratio = (asked - PROBES) / least
    figures.at_most(f"{what}, requests / least", ratio, 1.1, unit=" x")
    waited = seconds / (every * LATENCY_MS / 1000)
    figures.at_most(f"{what}, time / waiting for all", waited, 2, unit=" x")


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

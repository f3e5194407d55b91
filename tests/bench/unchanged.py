"""Count what a sync of no news, or of few, costs: requests, and item rows written."""

import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import connection as database

from integrations.models import Connection, SyncRun
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures

CONTACTS, LONG = 50_000, 1_000_000
# What changed: a little, and more than HubSpot's search tells of one question.
CHANGED = (500, 15_000)
LATENCY_MS = 50
# A search tells so many ids, and a batch so many records, or links of so many.
SEARCHED, READ, LINKED = 200, 100, 1000
# A contact is linked to companies alone.
LINKS = 1
CHANGES = re.compile(r"contacts(/companies)?/(search|batch/read)")
LISTING = "/search"
# The least that any plan of HubSpot has, and a sync every quarter of an hour.
CALLS_A_DAY, SYNCS_A_DAY = 250_000, 96
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
    figures.at_most("those for links, of a day's calls", a_day * 100, 2, unit=" %")


def _sync_changes(
    site: Site, figures: Figures, connection: Connection, count: int
) -> None:
    """Sync what changed, late as a provider is, beside the least that it can take."""
    site.pages(changed=count, latency_ms=LATENCY_MS)
    started = time.monotonic()
    run = product.sync(connection)
    seconds = time.monotonic() - started
    calls = site.pages(latency_ms=0)["calls"]
    assert run.changed == count, f"{run.changed} of {count} were found"
    contacts = {path: n for path, n in calls.items() if CHANGES.search(path)}
    asked = sum(contacts.values())
    searches = math.ceil(count / SEARCHED)
    links = math.ceil(count / LINKED) * LINKS
    least = searches + math.ceil(count / READ) + links
    what = f"{count:,} changed"
    figures.add(what, f"{asked} requests of {sum(calls.values())}, {seconds:.1f} s")
    for path, number in contacts.items():
        figures.add(f"{what}: {path}", str(number))
    figures.at_most(f"{what}, requests / least", asked / least, 1.1, unit=" x")
    waited = seconds / (least * LATENCY_MS / 1000)
    figures.at_most(f"{what}, time / waiting for the least", waited, 1.5, unit=" x")


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

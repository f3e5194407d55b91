"""Load an Airtable account of several bases, and compare it with one base alone."""

import time
from typing import Any

import requests

from integrations.models import Connection, Item
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures

BASES, PAGES, LATENCY_SECONDS = 5, 20, 0.2
# The list of bases, and the tables of each; the pages of all.
CALLS = 1 + BASES + BASES * PAGES
CALLS_A_SECOND = 5


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Load one base alone, then all of them, each for the first time."""
    arguments = (str(BASES), str(PAGES), str(LATENCY_SECONDS))
    site.start_server("tests.bench.site.airtable", *arguments)
    connection = product.connect_to_server("airtable")
    collections = connection.collections.filter(item_type="record")
    product.sync(connection)
    one = collections.first()
    assert one is not None
    assert collections.count() == BASES
    collections.exclude(pk=one.pk).update(is_selected=False)
    alone = _time_first_load(connection)
    collections.update(is_selected=True)
    before = _told(site)["calls"]
    all_of_them = _time_first_load(connection)
    told = _told(site)
    assert Item.objects.filter(type="record").count() == BASES * PAGES * 100
    figures.add("one base", f"{alone:.1f} s")
    figures.add(f"{BASES} bases", f"{all_of_them:.1f} s")
    figures.at_most(f"{BASES} bases / one", all_of_them / alone, 2, unit="x")
    figures.at_most("calls for all", told["calls"] - before, CALLS, digits=0)
    figures.at_most(
        "calls for one base in a second", told["busiest"], CALLS_A_SECOND, digits=0
    )


def _time_first_load(connection: Connection) -> float:
    """Forget all records, and return the seconds until those selected are there."""
    Item.objects.filter(type="record").delete()
    # The window of a second that came before is none of this one's.
    time.sleep(2)
    started = time.monotonic()
    product.sync(connection, full=True)
    return time.monotonic() - started


def _told(site: Site) -> dict[str, Any]:
    return dict(requests.get(f"{site.pages_url}/bench", timeout=30).json())

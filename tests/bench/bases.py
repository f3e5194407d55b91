"""Load an Airtable account of several bases, and compare it with one base alone."""

import time

from integrations.models import Connection, Item
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures, busiest, pace

BASES, PAGES, LATENCY_SECONDS = 5, 20, 0.2
# So quick that nothing but the limit is waited for.
QUICK_SECONDS = 0.02
CALLS_A_SECOND, LEAST_SHARE = 5, 0.9
SERVER = "tests.bench.site.airtable"


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Load one base alone, then all of them, each for the first time."""
    site.start_server(SERVER, str(BASES), str(PAGES), str(LATENCY_SECONDS))
    connection = product.connect_to_server("airtable")
    collections = connection.collections.filter(item_type="record")
    product.sync(connection)
    one = collections.first()
    assert one is not None
    assert collections.count() == BASES
    collections.exclude(pk=one.pk).update(is_selected=False)
    alone = _time_first_load(connection)
    collections.update(is_selected=True)
    before = sum(map(len, site.arrivals().values()))
    all_of_them = _time_first_load(connection)
    arrivals = site.arrivals()
    assert Item.objects.filter(type="record").count() == BASES * PAGES * 100
    figures.add("one base", f"{alone:.1f} s")
    figures.add(f"{BASES} bases", f"{all_of_them:.1f} s")
    figures.at_most(f"{BASES} bases / one", all_of_them / alone, 2, unit="x")
    # The list of bases, and the tables of each; the pages of all.
    least = 1 + BASES + BASES * PAGES
    calls = sum(map(len, arrivals.values())) - before
    figures.at_most("calls for all", calls, least, digits=0)
    _note_busiest(figures, arrivals, "")
    site.start_server(SERVER, str(BASES), str(PAGES), str(QUICK_SECONDS))
    # One whose plan is not known is read carefully.
    Connection.objects.filter(pk=connection.pk).update(plan="business")
    connection.refresh_from_db()
    used = time.process_time()
    _time_first_load(connection)
    used = time.process_time() - used
    figures.add("processor time meanwhile", f"{used:.1f} s")
    _note_busiest(figures, site.arrivals(), ", quick answers")
    paces = [
        pace(each, CALLS_A_SECOND, 1.0)
        for base, each in site.arrivals().items()
        if base and len(each) > PAGES // 2
    ]
    assert len(paces) == BASES, paces
    figures.at_most(
        "slowest base / what its limit imposes", max(paces), 1 / LEAST_SHARE, unit="x"
    )


def _time_first_load(connection: Connection) -> float:
    """Forget all records, and return the seconds until those selected are there."""
    Item.objects.filter(type="record").delete()
    # The window of a second that came before is none of this one's.
    time.sleep(2)
    started = time.monotonic()
    product.sync(connection, full=True)
    return time.monotonic() - started


def _note_busiest(
    figures: Figures, arrivals: dict[str, list[float]], condition: str
) -> None:
    most = max(busiest(each, 1.0) for base, each in arrivals.items() if base)
    what = f"calls for one base in a second{condition}"
    figures.at_most(what, most, CALLS_A_SECOND, digits=0)

"""Compare the product's full refresh with loops written by hand."""

import time
from collections.abc import Callable
from typing import Any

from integrations.models import Collection, Connection, Item
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support import features, naive
from tests.bench.support.figures import Figures, median

CONTACTS = 50_000
LATENCY_MS = 50
KINDS = ("contacts", "companies", "deals")
REPETITIONS = 3
# Loaded with and without what lists need of it, so many times in turns.
FEATURED, TURNS = 10_000, 5


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Time each way to load the contacts, without and with a late server."""
    site.start_pages(of_all=True)
    connection = product.connect(site)
    product.forget(connection, *KINDS)
    snapshot = product.Snapshot(site.database)

    def timed(load: Callable[[Collection], Any], contacts: int) -> float:
        snapshot.restore()
        collection = product.reload(connection.pk).collections.get(remote_id="contacts")
        started = time.monotonic()
        load(collection)
        taken = time.monotonic() - started
        stored = Item.objects.filter(collection=collection).count()
        assert stored == contacts, f"{stored} of {contacts} stored"
        return taken

    ways: dict[str, Callable[[Collection], Any]] = {
        "product": lambda c: product.sync(c.connection, full=True),
        "sql loop": naive.load_with_sql,
        "bulk_create loop": naive.load_with_models,
    }
    site.pages(contacts=CONTACTS, latency_ms=0)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPETITIONS):
        for name, load in ways.items():
            times[name].append(timed(load, CONTACTS))
    _note(figures, times, "no latency", limit=2.5)
    site.pages(latency_ms=LATENCY_MS)
    late = {name: [timed(ways[name], CONTACTS)] for name in ("sql loop", "product")}
    _note(figures, late, f"{LATENCY_MS} ms latency", limit=1.15)
    snapshot.restore()
    _load_three(site, figures, product.reload(connection.pk), late["product"][0])
    snapshot.restore()
    site.pages(latency_ms=0)
    connection = product.reload(connection.pk)
    features.measure(site, figures, connection, contacts=FEATURED, turns=TURNS)


def _load_three(
    site: Site, figures: Figures, connection: Connection, alone: float
) -> None:
    """Load three kinds of as many each, and compare that with one of them."""
    collections = connection.collections.filter(remote_id__in=KINDS)
    collections.update(is_selected=True)
    site.pages(**dict.fromkeys(KINDS, CONTACTS))
    started = time.monotonic()
    product.sync(connection, full=True)
    taken = time.monotonic() - started
    stored = Item.objects.filter(collection__in=collections).count()
    assert stored >= len(KINDS) * CONTACTS, f"{stored} stored"
    figures.add(f"{', '.join(KINDS)}, {LATENCY_MS} ms latency", f"{taken:.1f} s")
    what = f"all three / contacts alone, {LATENCY_MS} ms latency"
    figures.at_most(what, taken / alone, 1.4, unit="x")


def _note(
    figures: Figures, times: dict[str, list[float]], condition: str, *, limit: float
) -> None:
    for name, taken in times.items():
        each = median(taken) / CONTACTS * 100 * 1000
        figures.add(
            f"{name}, {condition}", f"{median(taken):.1f} s, {each:.1f} ms a page"
        )
    ratio = median(times["product"]) / median(times["sql loop"])
    figures.at_most(f"product / sql loop, {condition}", ratio, limit, unit="x")

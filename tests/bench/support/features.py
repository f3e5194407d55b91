"""Compare loads with and without what lists need of them: links, indexes, notes."""

import time
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from integrations.models import (
    Connection,
    Item,
    ItemLink,
    OwnColumn,
    PropertyIndex,
    PropertyValue,
)
from integrations.models.remote_key import remote_key
from integrations.services.items.tables.columns.results import typed_columns_of
from integrations.services.items.tables.indexing import indexes
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures, median

LIMIT = 1.1
# Columns that somebody sorts or filters by.
USED = ("lifecyclestage", "createdate")
# What stores of a page only what lists need, by its name, and what it returns then.
FEATURES: dict[str, Any] = {
    "integrations.services.items.relations.write.write": set(),
    "integrations.services.items.search.own_words.find_words": {},
    "integrations.services.items.tables.indexing.rows.has_any": False,
    "integrations.services.items.tables.indexing.rows.store": None,
    "integrations.services.items.tables.indexing.linked_rows.store": None,
}
# The class's method stands for the calls that tell of labels.
LABELS = "integrations.providers.hubspot.listing.records.Reader._fetch_labels"


def measure(
    site: Site, figures: Figures, connection: Connection, *, contacts: int, turns: int
) -> None:
    """Load contacts anew and once more, with and without, in turns.

    None of them is stored yet.
    """
    site.pages(contacts=contacts)
    plain = product.Snapshot(site.database)
    ways = {"without": False, "with": True}
    taken: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for turn in range(turns):
        for way, is_whole in sorted(ways.items(), reverse=bool(turn % 2)):
            plain.restore()
            for load in ("first", "second"):
                found = _load(
                    product.reload(connection.pk), contacts, is_whole=is_whole
                )
                taken.setdefault((load, way), []).append(found)
    for load in ("first", "second"):
        _note(figures, f"{load} load", taken[load, "with"], taken[load, "without"])
    plain.restore()
    _use_all(product.reload(connection.pk))
    used = product.Snapshot(site.database)
    loads = []
    for _ in range(turns):
        used.restore()
        loads.append(_load(product.reload(connection.pk), contacts, is_whole=True))
    assert PropertyValue.objects.count() >= contacts * len(USED), "nothing indexed"
    what = f"first load, {len(USED)} columns sorted by and one of one's own"
    _note(figures, what, loads, taken["first", "without"], limit=None)


def _load(
    connection: Connection, contacts: int, *, is_whole: bool
) -> tuple[float, float]:
    """Return what a full refresh takes, by the clock and of the processor, seconds."""
    with ExitStack() as without:
        if not is_whole:
            for name, value in FEATURES.items():
                without.enter_context(patch(name, return_value=value))
            without.enter_context(patch(LABELS, return_value={}))
        started, used = time.perf_counter(), time.process_time()
        product.sync(connection, full=True)
        taken = time.perf_counter() - started, time.process_time() - used
    items = Item.objects.live().filter(collection__remote_id="contacts")
    assert (stored := items.count()) == contacts, f"{stored} of {contacts} stored"
    links = ItemLink.objects.filter(item__in=items)
    assert links.exists() is is_whole, f"{links.count()} links"
    return taken


def _use_all(connection: Connection) -> None:
    """Sort by some columns, and note something beside a record."""
    collection = connection.collections.get(remote_id="contacts")
    columns = typed_columns_of(collection)
    indexes.prepare(collection, [columns.by_id[name] for name in USED])
    PropertyIndex.objects.update(state=PropertyIndex.State.READY)
    key = remote_key(collection)
    OwnColumn.objects.create(
        owner_id=connection.owner_id, name="Note", kind=OwnColumn.Kind.TEXT, **key
    )


def _note(
    figures: Figures,
    what: str,
    whole: list[tuple[float, float]],
    bare: list[tuple[float, float]],
    *,
    limit: float | None = LIMIT,
) -> None:
    for number, unit in enumerate(("wall", "CPU")):
        one, other = (median([each[number] for each in way]) for way in (whole, bare))
        ratio = f"{what}, {unit}: with / without, {other:.2f} s"
        if limit:
            figures.at_most(ratio, one / other, limit, unit=" x")
        else:
            figures.add(ratio, f"{one / other:.2f} x")

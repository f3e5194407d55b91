"""Time the items list over HTTP, with one client, as a browser asks for it."""

import time

from integrations.models import Item
from integrations.services.items.lists.query import (
    DEFAULT_SIZE,
    SORTS,
    ItemQuery,
    Position,
)
from integrations.services.items.search import full_text
from tests.bench.site import product, rows
from tests.bench.site.site import EMAIL, Site
from tests.bench.support.figures import Figures, median, percentile
from tests.real.support.web_user import WebUser

ITEMS, LONG = 100_000, 1_000_000
REPETITIONS = 60
LIMIT_MS = 50.0
DEEP_PAGE = 1000


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Fill the table, start gunicorn, and ask for each kind of page."""
    count = LONG if long else ITEMS
    site.stack.start("web")
    alice = site.stack.user(EMAIL)
    rows.fill(product.make_user(), count)
    # As every full refresh does at its end.
    full_text.tell_planner()
    figures.title = f"item list over {count:,} items, SQLite, gunicorn, one client"
    for what, query in _queries(count).items():
        _note(figures, what, _times(alice, query.url))


def _queries(count: int) -> dict[str, ItemQuery]:
    deep = min(DEEP_PAGE, count // DEFAULT_SIZE)
    return {
        "first page": ItemQuery(),
        "of one type": ItemQuery(type="deal"),
        "by name": ItemQuery(sort="name"),
        "of one type by name": ItemQuery(type="company", sort="name"),
        "search for a user": ItemQuery(search=f"person{count // 2}"),
        "search for two words": ItemQuery(search="harbour fischer"),
        "search for two letters": ItemQuery(search="ha"),
        f"page {deep:,}": _page(deep, "-updated"),
        f"page {deep:,} by name": _page(deep, "name"),
    }


def _page(number: int, sort: str) -> ItemQuery:
    """Return the query that following *Next* so many times leads to."""
    order = SORTS[sort]
    last = Item.objects.live().order_by(*order.ordering)[
        (number - 1) * DEFAULT_SIZE - 1
    ]
    at = Position(field=order.field, value=getattr(last, order.field), id=last.pk)
    return ItemQuery(sort=sort, after=at)


def _times(person: WebUser, path: str) -> list[float]:
    """Return the milliseconds of each answer, the first few left out."""
    taken = []
    for _ in range(REPETITIONS + 5):
        started = time.perf_counter()
        page = person.get(path)
        taken.append((time.perf_counter() - started) * 1000)
        assert page.status_code == 200, f"{path} answered {page.status_code}"
        assert "item-row" in page.text or "<tr" in page.text, f"{path} shows no item"
    return taken[5:]


def _note(figures: Figures, what: str, taken: list[float]) -> None:
    middle, late = median(taken), percentile(taken, 0.95)
    figures.add(
        what,
        f"median {middle:.1f} ms, p95 {late:.1f} ms",
        target=f"< {LIMIT_MS:g} ms",
        ok=middle < LIMIT_MS,
    )

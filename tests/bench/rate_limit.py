"""Compare full refreshes under real limits with the time that the limits impose.

One of HubSpot, then eight processes that share a portal's limit, then one of Notion.
"""

import subprocess
import time

from django.db import connection as database

from integrations.models import Connection
from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures, busiest, pace
from tests.real.support.stack import BASE_DIR

# So many that the last call falls due right after a whole number of windows.
PAGES = 1096
LIMIT, SECONDS = 110, 10.0
WORKERS, PAGES_OF_ONE = 8, 70
# Three a second, which may be spent in a burst; the product does within half a minute.
NOTION_CALLS, NOTION_SECONDS = 90, 30.0
NOTION_PAGES = 1


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Load so many pages that the limit, and not the machine, sets the pace."""
    del long
    site.start_pages()
    connection = product.connect(site)
    product.forget(connection, "contacts")
    site.pages(contacts=PAGES * 100)
    # What connecting asked for must not count against this pass.
    time.sleep(SECONDS)
    started, used = time.monotonic(), time.process_time()
    product.sync(connection, full=True)
    taken, used = time.monotonic() - started, time.process_time() - used
    told = site.pages()
    requests = told["limited"]
    # When the limit lets the last one go, had all others gone as early as it allows.
    imposed = (requests - 1) // LIMIT * SECONDS
    figures.add(f"{requests} requests", f"{taken:.1f} s, imposed {imposed:.1f} s")
    figures.add("processor time meanwhile", f"{used:.1f} s")
    figures.at_most("taken / imposed", taken / imposed, 1.05, unit="x", digits=3)
    figures.at_most(
        f"most requests in any {SECONDS:g} s", told["busiest"], LIMIT, digits=0
    )
    _share_a_portal(site, figures, connection)
    _load_notion(site, figures)


def _share_a_portal(site: Site, figures: Figures, connection: Connection) -> None:
    """Let eight processes load the same portal, each for a connection of its own."""
    others = [
        product.connect_beside(site, connection, number) for number in range(WORKERS)
    ]
    database.close()
    site.pages(contacts=PAGES_OF_ONE * 100)
    time.sleep(SECONDS)
    command = [site.python, "manage.py", "sync", "--full", "--connection"]
    started = [
        subprocess.Popen(
            [*command, str(other.pk)],
            cwd=BASE_DIR,
            env=site.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for other in others
    ]
    ended = [process.wait() for process in started]
    assert not any(ended), f"they ended {ended}"
    told = site.pages()
    by_limit = pace(told["arrivals"], LIMIT, SECONDS)
    what = f"{WORKERS} processes, {told['limited']} requests: taken / imposed"
    figures.at_most(what, by_limit, 1.05, unit="x", digits=3)
    figures.at_most(
        "most requests in any 10 s of theirs", told["busiest"], LIMIT, digits=0
    )


def _load_notion(site: Site, figures: Figures) -> None:
    """Load rows and their texts, which is a call for each of them."""
    site.start_server("tests.bench.site.notion", "1", str(NOTION_PAGES))
    connection = product.connect_to_server("notion")
    product.sync(connection)
    ((_, arrivals),) = site.arrivals().items()
    by_limit = pace(arrivals, NOTION_CALLS, NOTION_SECONDS)
    what = f"Notion, {len(arrivals)} requests: taken / imposed"
    figures.at_most(what, by_limit, 1 / 0.9, unit="x", digits=3)
    most = busiest(arrivals, NOTION_SECONDS)
    what = f"most requests to Notion in any {NOTION_SECONDS:g} s"
    figures.at_most(what, most, NOTION_CALLS, digits=0)

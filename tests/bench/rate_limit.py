"""Compare a full refresh under HubSpot's real limit with the time the limit imposes."""

import time

from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures

# So many that the last call falls due right after a whole number of windows.
PAGES = 1096
LIMIT, SECONDS = 110, 10.0


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Load so many pages that the limit, and not the machine, sets the pace."""
    site.start_pages()
    connection = product.connect(site)
    product.forget_contacts(connection)
    site.pages(contacts=PAGES * 100)
    # What connecting asked for must not count against this pass.
    time.sleep(SECONDS)
    started = time.monotonic()
    product.sync(connection, full=True)
    taken = time.monotonic() - started
    told = site.pages()
    requests = told["limited"]
    # When the limit lets the last one go, had all others gone as early as it allows.
    imposed = (requests - 1) // LIMIT * SECONDS
    figures.add(f"{requests} requests", f"{taken:.1f} s, imposed {imposed:.1f} s")
    figures.at_most("taken / imposed", taken / imposed, 1.05, unit="x", digits=3)
    figures.at_most(
        f"most requests in any {SECONDS:g} s", told["busiest"], LIMIT, digits=0
    )

"""Compare the peak memory of a small and of a large full refresh."""

import subprocess

from tests.bench.site import product
from tests.bench.site.site import Site
from tests.bench.support.figures import Figures
from tests.real.support.stack import BASE_DIR

SMALL, LARGE, LONG = 10_000, 200_000, 1_000_000
ALLOWED_MB = 10


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Run ``manage.py sync --full`` as a process of its own for each size."""
    site.start_pages()
    connection = product.connect(site)
    product.forget(connection, "contacts")
    sizes = (SMALL, LARGE, *([LONG] if long else []))
    peaks = [_peak_of_pass(site, str(connection.pk), size) for size in sizes]
    for size, peak in zip(sizes, peaks, strict=True):
        figures.add(f"peak of a pass over {size:,}", f"{peak:.1f} MB")
    figures.at_most(
        f"more memory for {sizes[-1] // SMALL} times the rows",
        peaks[-1] - peaks[0],
        ALLOWED_MB,
        unit=" MB",
        digits=1,
    )


def _peak_of_pass(site: Site, connection_id: str, contacts: int) -> float:
    site.pages(contacts=contacts)
    sync = ("manage.py", "sync", "--connection", connection_id, "--full")
    peak = [site.python, "-m", "tests.bench.support.peak"]
    done = subprocess.run(
        [*peak, site.python, *sync],
        cwd=BASE_DIR,
        env=site.environment,
        stdout=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == 0, "the pass did not end complete"
    return float(done.stdout)

"""Watch real workers while they load an account, from the outside."""

from contextlib import suppress
from pathlib import Path

from tests.bench.site.site import EMAIL, Site
from tests.bench.support.figures import Figures
from tests.real.support.processes import wait_until

CONTACTS = 50_000
ALLOWED_MB = 60
WORKERS = ("worker-interactive", "worker-sync")


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Connect through the site's own pages, wait for the load, and read the peaks."""
    stack = site.stack
    site.resize_sandbox(contacts=CONTACTS)
    stack.start("sandbox", "web", *WORKERS)
    stack.sandbox("switches/set", name="rate_limits", value=False)
    idle = _rss(site)
    stack.user(EMAIL).connect("hubspot")
    outcome, seen, seconds = wait_until(
        lambda: _finished(site), "the load is done", seconds=600, every=0.5
    )
    assert outcome == "complete", f"the run ended {outcome}"
    peaks = {pid: _peak(pid) for pid in idle}
    growth = max(peaks[pid] - idle[pid] for pid in idle)
    figures.add(f"load of {seen:,} items", f"{seconds:.0f} s, with the sandbox's own")
    figures.add("largest idle worker process", f"{max(idle.values()):.1f} MB")
    figures.add("largest peak of one", f"{max(peaks.values()):.1f} MB")
    figures.at_most("most that one grew", growth, ALLOWED_MB, unit=" MB", digits=1)


def _finished(site: Site) -> tuple[str, int, float] | None:
    rows = site.stack.rows(
        "select outcome, seen, (julianday(finished_at) - julianday(started_at)) * 86400"
        " from integrations_syncrun where state = 'finished'"
    )
    return rows[0] if rows else None


def _processes(site: Site) -> list[int]:
    """Return the ids of the workers and of their children."""
    heads = [site.stack.running[name].pid for name in WORKERS]
    children = [
        int(pid)
        for head in heads
        for pid in Path(f"/proc/{head}/task/{head}/children").read_text().split()
    ]
    return heads + children


def _rss(site: Site) -> dict[int, float]:
    return {pid: _status(pid, "VmRSS") for pid in _processes(site)}


def _peak(pid: int) -> float:
    with suppress(OSError):
        return _status(pid, "VmHWM")
    raise AssertionError(f"worker process {pid} has ended meanwhile")


def _status(pid: int, name: str) -> float:
    """Return one size out of ``/proc``, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no {name} of {pid}")

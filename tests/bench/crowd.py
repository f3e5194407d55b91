"""Connect many small accounts beside a large one, and see who waits for whom."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.site import workspaces
from tests.bench.site.site import EMAIL, IDENTITY, Site
from tests.bench.support.figures import Figures, median
from tests.real.support.processes import wait_until

LARGE, SMALL = 120_000, 30
ALONE_SECONDS = 25.0
# As far away as a provider is.
LATENCY_MS = 120.0
# Notion's limit, in windows a little longer than a second.
CALLS, SECONDS = 3, 1.02
# Either may have taken the large one by the time it is killed.
READERS = ("worker-interactive", "worker-sync")
WORKERS = ("worker-refresh", *READERS, "beat")
NEW = "select id from integrations_connection where provider = 'notion'"
ENDS = (
    "select requests, started_at, finished_at, outcome from integrations_syncrun"
    " join integrations_connection on integrations_connection.id = connection_id"
    " where provider = 'notion' and integrations_syncrun.state = 'finished'"
)
LEASED = "select 1 from integrations_syncrun where lease_id is not null"
STORED = (
    "select count(*) from integrations_item where provider = 'hubspot' and type = ?"
)


def measure(site: Site, figures: Figures, *, long: bool) -> None:
    """Load one small account by itself, the large one, and then all beside it."""
    stack = site.stack
    site.start_pages(workspaces=SMALL + 1)
    site.pages(contacts=LARGE, latency_ms=LATENCY_MS)
    stack.start("web")
    connect_all(site)
    hold_small(site)
    stack.start(*WORKERS)
    one_by_itself(site, figures)
    stack.user("large@example.com").connect("hubspot", identity=IDENTITY)
    wait_until(lambda: stored(site) > 2000, "the large one is loading", seconds=120)
    begun = next_commit(site)
    time.sleep(ALONE_SECONDS)
    alone = speed(begun, next_commit(site))
    begun, used = next_commit(site), processor_seconds(site)
    began = release_small(site)
    wait_until(lambda: len(stack.rows(ENDS)) == SMALL + 1, "all are done", seconds=400)
    beside = speed(begun, next_commit(site))
    used = processor_seconds(site) - used
    ended = [row for row in stack.rows(ENDS) if at(row[1]) >= began]
    assert len(ended) == SMALL, ended
    assert {row[3] for row in ended} == {"complete"}, ended
    ratios = sorted(
        (at(row[2]) - began).total_seconds() / (row[0] / CALLS * SECONDS)
        for row in ended
    )
    figures.add("requests of a small one", f"{median([row[0] for row in ended]):.0f}")
    figures.add("processor time of the workers meanwhile", f"{used:.1f} s")
    figures.add("the large one by itself", f"{alone:,.0f} items/s")
    figures.add(f"beside {SMALL} small ones", f"{beside:,.0f} items/s")
    figures.at_most("its time / by itself", alone / beside, 1.25, unit="x")
    figures.add("median small one / limit's time", f"{median(ratios):.2f}x")
    figures.at_most("slowest small one / limit's time", ratios[-1], 1.2, unit="x")
    silence_after_a_kill(site, figures)


def one_by_itself(site: Site, figures: Figures) -> None:
    """Load one small account while nobody else asks for anything."""
    site.stack.user("alone@example.com").connect(
        "notion", identity=workspaces.identity(SMALL), action="allow"
    )
    requests, began, ended, outcome = site.stack.wait_for_row(ENDS, seconds=200)
    assert outcome == "complete", outcome
    seconds = (at(ended) - at(began)).total_seconds()
    figures.add("a small one by itself, within a burst", f"{seconds:.1f} s")
    figures.add(
        "what the limit imposes in the long run", f"{requests / CALLS * SECONDS:.1f} s"
    )


def connect_all(site: Site) -> None:
    """Give the consents of the many, while nobody works."""
    one = site.stack.user(EMAIL)
    for number in range(SMALL):
        one.connect("notion", identity=workspaces.identity(number), action="allow")


def hold_small(site: Site) -> None:
    """Put the small ones off for as long as a quota may."""
    site.stack.rows(
        "update integrations_syncrun set due_at = ?, released_at = ?, enqueued_at = ?"
        f" where connection_id in ({NEW}) returning id",
        *(str(datetime.now(UTC) + timedelta(hours=20)), *2 * [str(datetime.now(UTC))]),
    )


def release_small(site: Site) -> datetime:
    """Let all begin at once; return when the first one did."""
    stack, now = site.stack, str(datetime.now(UTC))
    stack.rows(
        "update integrations_syncrun set due_at = ?, enqueued_at = null"
        f" where connection_id in ({NEW}) and state <> 'finished' returning id",
        now,
    )
    first = (
        "select min(started_at) from integrations_syncrun where connection_id in"
        f" ({NEW}) and started_at >= ? having min(started_at) is not null"
    )
    return at(stack.wait_for_row(first, now, seconds=200)[0])


def processor_seconds(site: Site) -> float:
    """Return the processor time that the workers and their children have used."""
    ticks = 0
    for name in WORKERS:
        head = site.stack.running[name].pid
        listed = Path(f"/proc/{head}/task/{head}/children").read_text().split()
        for pid in (head, *listed):
            # After the name, which may hold spaces, the 12th and 13th are times.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def stored(site: Site) -> int:
    """Return how many contacts are stored."""
    return int(site.stack.rows(STORED, "contact")[0][0])


def next_commit(site: Site) -> tuple[float, int]:
    """Return when the next contacts are stored, and how many there are then."""
    before = stored(site)
    wait_until(lambda: stored(site) > before, "it goes on", seconds=60, every=0.05)
    return time.monotonic(), stored(site)


def speed(begun: tuple[float, int], ended: tuple[float, int]) -> float:
    """Return the items stored in a second between two commits.

    A time that does not end with a commit has too many or too few; any wait within it
    counts.
    """
    return (ended[1] - begun[1]) / (ended[0] - begun[0])


def silence_after_a_kill(site: Site, figures: Figures) -> None:
    """Kill the processes of which one loads the large one, and time the silence."""
    stack = site.stack
    assert stack.rows(LEASED), "nobody is at work"
    site.pages()
    for name in READERS:
        stack.kill(name)
    killed, before = time.monotonic(), stored(site)
    stack.start(*READERS)
    wait_until(lambda: stored(site) > before, "it goes on", seconds=150)
    figures.at_most("silence after a kill", time.monotonic() - killed, 20, unit=" s")
    figures.at_most("pages asked for twice", site.pages()["repeated"], 1, digits=0)


def at(stored_time: object) -> datetime:
    """Return a time as either database tells it."""
    if isinstance(stored_time, datetime):
        return stored_time
    return datetime.fromisoformat(str(stored_time)).replace(tzinfo=UTC)

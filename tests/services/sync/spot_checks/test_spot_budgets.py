"""What a day's checks prove with the calls that each provider has for them."""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Collection, Connection, Item, SpotCheck, SyncRun
from integrations.models.collection import Completeness
from integrations.providers.hubspot.connector import HubSpot
from integrations.services.sync.spot_checks import due, sample
from tests.services.fixtures import FinishSync
from tests.support.rows import make_collection, make_connection

SEEDS = 100


@pytest.fixture(scope="session")
def seeded_sandbox(seeded_small: Path) -> Path:
    return seeded_small


@dataclass(frozen=True)
class Checked:
    """One collection, into how many parts its check splits it, and its calls."""

    population: int
    parts: int
    calls: int


def tables(of: str, count: int, size: int) -> list[tuple[str, int]]:
    return [(of.format(number), size) for number in range(count)]


# Those of the READMEs' examples, and what docs/freshness.md says of them.
PORTAL = [("contacts", 20_000), ("companies", 8_000), ("deals", 5_500)]
WORKSPACE = tables("1aaaaaaa-0000-4000-8000-{:012}", 7, 2_000)
BASES = tables("appAAAAAAAAAAAAAA/tblAAAAAAAAA{:05}", 22, 300)
CROWD = tables("appAAAAAAAAAAAAAA/tblAAAAAAAAA{:05}", 400, 100)


def first_day(owner: User, slug: str, plan: str, sizes: Any) -> list[Checked]:
    """Return the checks that a connection begins and has calls for on one day."""
    connection = make_connection(owner, provider=slug, plan=plan)
    now = timezone.now()
    Collection.objects.bulk_create(
        Collection(
            connection=connection,
            remote_id=remote_id,
            name=remote_id,
            stored_count=size,
            watermark=now,
            first_full_refresh_at=now - timedelta(days=2),
        )
        for remote_id, size in sizes
    )
    return planned(connection)


def planned(connection: Connection) -> list[Checked]:
    """Return the checks that are due now, as far as a day's calls go."""
    left, found = due.calls_a_day(connection), []
    for collection, check in due.due(connection):
        items = check.population / check.parts
        calls = math.ceil(items / due.items_per_call(collection))
        if calls > left:
            break
        left -= calls
        found.append(Checked(check.population, check.parts, calls))
    return found


def count_found(checks: Sequence[Checked], everything: int, altered: int) -> int:
    """Return in how many of 100 seeds a day's checks meet an altered item.

    Which items are altered, how each collection is split and which part has its turn
    are drawn; ``everything`` are the account's items, checked on that day or not.
    """
    found = 0
    for seed in range(SEEDS):
        chance = random.Random(seed)
        salts = [chance.randbytes(16) for _ in checks]
        number = chance.randrange(1000)
        wrong = chance.sample(range(everything), altered)
        found += any(_is_met(each, checks, salts, number) for each in wrong)
    return found


def _is_met(
    item: int, checks: Sequence[Checked], salts: Sequence[bytes], number: int
) -> bool:
    for check, salt in zip(checks, salts, strict=True):
        if item < check.population:
            return sample.is_in_part(
                str(item), salt=salt, number=number, parts=check.parts
            )
        item -= check.population
    return False


ACCOUNTS = {
    "hubspot": ("hubspot", "", PORTAL),
    "notion": ("notion", "", WORKSPACE),
    "airtable": ("airtable", "team", BASES),
    "many tables": ("airtable", "team", CROWD),
}


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_of_a_whole_account_half_a_percent_is_found_in_99_of_100_seeds(
    alice: User, name: str
) -> None:
    slug, plan, sizes = ACCOUNTS[name]

    checks = first_day(alice, slug, plan, sizes)

    everything = sum(size for _, size in sizes)
    spent = sum(check.calls for check in checks)
    assert spent <= due.calls_a_day(Connection.objects.get())
    assert count_found(checks, everything, everything // 200) >= 99


@pytest.mark.parametrize(
    ("name", "items", "least", "most"),
    [
        ("hubspot", 1_400, 99, 100),
        # The calls are shared: a part of 250 of 2,000 shows ten wrong ones seldomer.
        ("notion", 250, 60, 85),
        ("airtable", 75, 15, 45),
    ],
)
def test_of_a_single_collection_less_is_found_where_the_calls_are_few(
    alice: User, name: str, items: int, least: int, most: int
) -> None:
    slug, plan, sizes = ACCOUNTS[name]

    checks = first_day(alice, slug, plan, sizes)

    assert len(checks) == len(sizes)
    smallest = min(checks, key=lambda check: check.population)
    assert items <= smallest.population / smallest.parts < 2 * items
    found = count_found([smallest], smallest.population, smallest.population // 200)
    assert least <= found <= most


@pytest.mark.parametrize("number", range(2))
def test_a_sync_finds_what_is_altered_in_the_planned_parts_and_no_more(
    synced: Connection,
    finish_sync: FinishSync,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    """What a seed above is counted to meet, a scheduled sync finds."""
    settings.SLICE_SECONDS = 3600
    # Fourteen for the checks, so few that the contacts are split.
    monkeypatch.setattr(HubSpot, "calls_a_day", 1_400)
    collections = {each.remote_id: each for each in synced.collections.all()}
    if number:
        end_checks(collections.values(), number=number - 1)
    names = dict(Item.objects.values_list("pk", "name"))
    altered = random.Random(number).sample(sorted(names), 40)
    Item.objects.filter(pk__in=altered).update(name="Somebody else")
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        plan = {each.population: each for each in planned(synced)}

        # Not more: what they find has the next one read everything.
        finish_sync(synced, trigger="schedule")

    checks = SpotCheck.objects.filter(number=number).select_related("collection")
    assert {each.collection.remote_id for each in checks} == collections.keys()
    assert {check.population for check in checks} == plan.keys()
    assert max(check.parts for check in checks) == 2
    spent = sum(check.requests for check in checks)
    assert 0 < spent <= due.calls_a_day(synced)
    assert synced.runs.latest("queued_at").spot_check_requests == spent
    met = set()
    for check in checks:
        part = set(part_of(check))
        wrong = part.intersection(altered)
        met |= wrong
        assert check.parts == plan[check.population].parts
        assert (check.checked, check.differing) == (len(part), len(wrong))
        assert check.ended_at is not None
    assert met
    mended = {key for key in altered if Item.objects.get(pk=key).name == names[key]}
    assert mended == met


def test_the_calls_of_any_24_hours_are_bounded_whenever_their_checks_began(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HubSpot, "calls_a_day", 1_400)
    connection = make_connection(alice, provider="hubspot")
    for hours, number in ((25, 14), (23, 6), (1, 3)):
        ended = timezone.now() - timedelta(hours=hours)
        SyncRun.objects.create(
            connection=connection,
            trigger=SyncRun.Trigger.SCHEDULE,
            state=SyncRun.State.FINISHED,
            queued_at=ended - timedelta(minutes=5),
            finished_at=ended,
            spot_check_requests=number,
        )

    assert due.calls_now(connection) == 14 - 6 - 3


@pytest.mark.parametrize(
    "columns",
    [
        {"is_selected": False},
        {"misses": Collection.MOST_MISSES},
        {"completeness": Completeness.NO_PERMISSION},
        {"watermark": None},
        {"stored_count": 0},
        {"first_full_refresh_at": None},
        {"blocked_until": timedelta(hours=1)},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_what_is_not_read_now_is_not_checked(
    alice: User, columns: dict[str, Any]
) -> None:
    connection = make_connection(alice, provider="hubspot")
    set_due(connection, "contacts")
    set_due(connection, "deals")
    now = timezone.now()
    told = {k: now + v if isinstance(v, timedelta) else v for k, v in columns.items()}
    Collection.objects.filter(remote_id="deals").update(**told)

    found = [collection.remote_id for collection, _ in due.due(connection)]

    assert found == ["contacts"]


def set_due(connection: Connection, remote_id: str) -> None:
    """Make a collection whose first check is due."""
    now = timezone.now()
    make_collection(
        connection,
        remote_id=remote_id,
        stored_count=10,
        watermark=now,
        first_full_refresh_at=now - timedelta(days=2),
    )


def end_checks(collections: Iterable[Collection], *, number: int) -> None:
    """Let the collections have been checked half a day ago."""
    then = timezone.now() - timedelta(hours=12)
    SpotCheck.objects.bulk_create(
        SpotCheck(
            collection=each,
            number=number,
            parts=1,
            population=each.stored_count,
            began_at=then,
            ended_at=then,
        )
        for each in collections
    )


def part_of(check: SpotCheck) -> list[int]:
    """Return the keys of the items that a check is to read, as ``_is_met`` says."""
    items = Item.objects.live().filter(collection=check.collection)
    return [
        pk
        for pk, remote_id in items.values_list("pk", "remote_id")
        if sample.is_in_part(
            remote_id,
            salt=check.collection_id.bytes,
            number=check.number,
            parts=check.parts,
        )
    ]

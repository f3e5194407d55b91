"""Where a listing goes on survives being stored, also as earlier versions wrote it."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import fields

from integrations.providers.errors import ListingExpiredError
from integrations.providers.notion.listing import cursors, reading_cursors
from integrations.providers.notion.listing.cursors import (
    Check,
    Frame,
    Parents,
    Query,
    Search,
    Trash,
    UnseenRows,
    Walk,
)
from tests.providers.notion.invented.workspace import in_block, in_page, uid

BEGAN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
READERS = {
    Search: reading_cursors.read_inventory,
    Walk: reading_cursors.read_inventory,
    Check: reading_cursors.read_inventory,
    Parents: reading_cursors.read_inventory,
    Trash: reading_cursors.read_trash,
    Query: reading_cursors.read_rows,
    UnseenRows: reading_cursors.read_rows,
}


def value_of(name, rng):
    """Return some value that a field of this name may have."""
    if name.startswith(("is_", "has_")):
        return rng.random() < 0.5
    if name == "path":
        return tuple(
            Frame(
                id=uid(rng.randrange(99)),
                start=rng.choice((None, "", "ü|{")),
                index=rng.randrange(99),
                is_retried=rng.random() < 0.5,
            )
            for _ in range(rng.randrange(4))
        )
    if name in {"pages", "databases", "parts"}:
        return tuple(uid(rng.randrange(99)) for _ in range(rng.randrange(4)))
    if name in {"asked_until", "reached", "created_from", "newest"}:
        later = timedelta(microseconds=rng.randrange(10**12))
        return rng.choice((None, BEGAN, BEGAN + later))
    if name in {"after", "walked", "holder", "start"}:
        return rng.choice(("", uid(7), "2026-11-22T09:00:00+00:00|7", '"'))
    return rng.randrange(10**6)


@pytest.mark.parametrize("kind", READERS, ids=lambda kind: kind.__name__)
def test_whatever_is_written_is_read(kind):
    rng = random.Random(kind.__name__)
    for _ in range(200):
        written = kind(
            **{
                each.name: value_of(each.name, rng)
                for each in fields(kind)
                if rng.random() < 0.7
            }
        )

        assert READERS[kind](cursors.to_json(written)) == written


@pytest.mark.parametrize(
    "read", dict.fromkeys(READERS.values()), ids=lambda read: read.__name__
)
@pytest.mark.parametrize(
    "odd",
    [
        "[]",
        "7",
        "{",
        '{"kind":"sideways"}',
        '{"kind":[]}',
        '{"kind":"walk","after":7}',
        '{"kind":"walk","path":[["a",null,0]]}',
        '{"kind":"walk","path":[["a",null,true,false]]}',
        '{"kind":"query","newest":"soon"}',
        '{"kind":"query","surplus":1}',
        '{"skip":"x"}',
    ],
)
def test_what_was_not_written_starts_the_listing_again(odd, read):
    with pytest.raises(ListingExpiredError):
        read(odd)


@pytest.mark.parametrize("old", [{"phase": "sideways"}, {"phase": "walk", "path": [7]}])
def test_what_no_version_wrote_starts_the_listing_again(old):
    with pytest.raises(ListingExpiredError):
        reading_cursors.read_inventory(json.dumps(old))


def test_a_cursor_of_another_listing_is_refused():
    for kind, read in READERS.items():
        text = cursors.to_json(kind())
        for other in {each for each in READERS.values() if each is not read}:
            with pytest.raises(ListingExpiredError):
                other(text)


OLD_ROWS = {"start": "c2", "skip": 3, "spent": 9, "newest": "2026-10-02T10:00:00.000Z"}
AT = datetime(2026, 10, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "read", "now"),
    [
        (
            {"start": "c", "skip": 4},
            reading_cursors.read_inventory,
            Search(start="c", skip=4),
        ),
        ({"start": "c"}, reading_cursors.read_trash, Trash(start="c")),
        (
            {"phase": "walk", "after": "t|7", "path": [[uid(1), "c", 3, False]]},
            reading_cursors.read_inventory,
            Walk(after="t|7", path=(Frame(id=uid(1), start="c", index=3),)),
        ),
        (
            {"kind": "walk", "after": "t|7", "entered": uid(1), "told": 4},
            reading_cursors.read_inventory,
            Walk(after="t|7"),
        ),
        (
            {"phase": "check", "after": uid(3), "walked": "t|9", "crowded": True},
            reading_cursors.read_inventory,
            Check(after=uid(3), walked="t|9", is_crowded=True),
        ),
        (
            {
                "phase": "parents",
                "after": uid(3),
                "walked": "t|9",
                "round": 2,
                "more": True,
            },
            reading_cursors.read_inventory,
            Parents(walked="t|9", round=2, has_found=True),
        ),
        (
            OLD_ROWS,
            reading_cursors.read_rows,
            Query(start="c2", skip=3, spent=9, newest=AT),
        ),
        (
            {"from": "2026-10-02T10:00:00.000Z", "incomplete_reason": "capped"},
            reading_cursors.read_rows,
            Query(created_from=AT, is_capped=True),
        ),
        (
            {
                "is_archived": True,
                "incomplete_reason": "more than 10,000 of one minute",
            },
            reading_cursors.read_rows,
            Query(is_archived=True, is_capped=True),
        ),
        (
            {"is_archived": True},
            reading_cursors.read_rows,
            Query(is_archived=True),
        ),
    ],
)
def test_cursors_of_earlier_versions_are_read(old, read, now):
    assert read(json.dumps(old, separators=(",", ":"))) == now


def old_of(text):
    """Return an inventory's cursor as the version before kinds wrote it."""
    found = reading_cursors.read_inventory(text)
    if isinstance(found, Search):
        old = {"start": found.start, "skip": found.skip}
    elif isinstance(found, Walk):
        path = [frame.to_json() for frame in found.path]
        old = {"phase": "walk", "after": found.after, "path": path}
    else:
        old = {"phase": "check", "after": found.after, "walked": found.walked}
    if isinstance(found, Parents):
        old |= {"phase": "parents", "more": found.has_found}
    if not isinstance(found, Search):
        old |= {"round": found.round, "crowded": found.is_crowded}
    return json.dumps({key: value for key, value in old.items() if value})


def test_an_upgrade_at_any_step_of_a_full_refresh_loses_nothing(reading, workspace):
    workspace.page(1)
    for number in range(100, 116):
        workspace.block(number, in_page(1), "toggle")
        workspace.page(number + 100, in_block(number))
    workspace.page(3)
    workspace.page(4, in_page(3))
    workspace.unsearchable |= {uid(n) for n in (3, *range(200, 216))}
    every = {uid(n) for n in (1, 3, 4, *range(200, 216))}
    upgrade_at, steps = 0, 1

    while upgrade_at < steps:
        reading.store.__init__()
        cursor, steps = None, 0
        for _ in range(200):
            context = reading.context("pages")
            fetch = reading.scenario.connector.fetch_page
            page = fetch(reading.scenario.api, context, cursor=cursor)
            reading.store.keep("pages", page)
            cursor, steps = page.next_cursor, steps + 1
            if cursor is None:
                break
            if steps - 1 == upgrade_at:
                cursor = old_of(cursor)
        assert reading.store.live().keys() == every, upgrade_at
        upgrade_at += 1

    assert upgrade_at > 5

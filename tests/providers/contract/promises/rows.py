"""Promises about rows: ids, links, times and texts of any kind cost at most a row."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from integrations.providers.kinds import DeletionKind
from integrations.providers.records import IntegrationItem, Page
from tests.providers.contract import paths
from tests.providers.contract.case import STEPS, Case, as_json

LONG = "x" * 1_000_000
ODD_ROWS: tuple[Any, ...] = (None, 7, "row", True, [], [[]], {})
ODD_IDS: tuple[Any, ...] = (
    paths.MISSING,
    None,
    "",
    {},
    ["1"],
    True,
    1.5,
    LONG,
    "a\nb",
)
BAD_LINKS: tuple[Any, ...] = (
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "http://example.org/",
    "data:text/html,<script>1</script>",
    "//evil.example/",
    "https://user@evil.example/",
    "https://user:word@evil.example/",
    "https://ok.example\\@evil.example/",
    "https://evil.example/a b\nc",
    "https://[bad",
    "https:",
    "file:///etc/passwd",
    "https://e.example/" + LONG,
    7,
    {},
    None,
)
# What is written, and what it means; None: no time at all.
TIMES: Mapping[Any, datetime | None] = {
    "2026-11-20T10:00:00Z": datetime(2026, 11, 20, 10, tzinfo=UTC),
    "2026-11-20T10:00:00": datetime(2026, 11, 20, 10, tzinfo=UTC),
    "2026-11-20T10:00:00+05:30": datetime(2026, 11, 20, 4, 30, tzinfo=UTC),
    "2026-11-20T10:00:00-08:00": datetime(2026, 11, 20, 18, tzinfo=UTC),
    "9999-12-31T23:59:59-14:00": None,
    "0001-01-01T00:00:00+14:00": None,
    "2026-13-45T99:00:00Z": None,
    "yesterday": None,
    "": None,
    LONG: None,
}
ODD_TIMES: tuple[Any, ...] = (
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    None,
    7,
    10**30,
    True,
    {},
    [],
)


def the_first_item_is_as_written(case: Case) -> None:
    """The first row comes out as the script says: each field from its own place."""
    found = {item.id: item for item in case.items}
    wanted = case.script["first_item"]
    item = as_json(found[wanted["id"]])
    assert {key: item.get(key) for key in wanted} == wanted
    for path, value in case.script.get("first_properties", {}).items():
        assert item["properties"][path] == value


def every_item_can_be_stored(case: Case) -> None:
    """Ids, names, links, times and properties of every page fit their columns."""
    for step in case.steps():
        for page in case.read_all(step):
            check(page)
            for item in page.items:
                assert item.type in case.connector.item_types
                assert item.parent_id != item.id


def check(page: Page) -> None:
    """Hold every item of a page against what the store can take."""
    for item in page.items:
        assert isinstance(item.id, str)
        assert 0 < len(item.id) <= 255
        assert item.id.isprintable()
        assert isinstance(item.name, str)
        assert 0 < len(item.name) <= 500
        assert len(item.name.splitlines()) == 1
        for time in (item.creation_time, item.last_modified_time):
            assert time is None or time.utcoffset() == timedelta(0), "not UTC"
        check_link(item.url)
        assert json.loads(json.dumps(item.properties)) == item.properties
        for child in item.children or ():
            assert isinstance(child, str)
    ids = {item.id for item in page.items}
    assert ids.isdisjoint(page.deleted)
    assert ids.isdisjoint(page.unreadable_ids)
    assert all(isinstance(each, str) for each in page.deleted)


def check_link(url: object) -> None:
    """A link is https, to a host and nobody at it, or there is none."""
    if url is None:
        return
    assert isinstance(url, str)
    assert len(url) <= 2000
    assert url.isascii()
    assert url.isprintable()
    assert " " not in url
    parts = urlsplit(url)
    assert parts.scheme == "https"
    assert parts.hostname
    assert "@" not in parts.netloc
    assert "evil" not in url


def an_item_is_made_of_its_answer(case: Case) -> None:
    """Ids around an item are in the answer or in the question: no other account's."""
    for step in ("pages", "changes"):
        for number in range(len(case.script.get(step, ()))):
            scenario = case.new()
            known = paths.texts([scenario.script, scenario.settings.api_url])
            answers = case.script[step][number].values()
            known += paths.texts([scenario.load(n) for names in answers for n in names])
            page = case.read(scenario, step, number, cursor_for(case, step, number))
            for item in page.items:
                for each in (item.id, item.parent_id, *(item.children or ())):
                    assert each is None or each in known, each


def cursor_for(case: Case, step: str, number: int) -> str | None:
    """Return the cursor with which a page of a step is asked for."""
    cursor: str | None = None
    for earlier in range(number):
        cursor = case.read(case.new(), step, earlier, cursor).next_cursor
    return cursor


def odd_rows_are_counted(case: Case) -> None:
    """A row that is none is counted, and costs the other rows nothing."""
    base = case.read_first()
    for odd in ODD_ROWS:
        page = case.read_first(case.with_rows([odd, *case.rows]))
        assert page.items == base.items, odd
        assert page.unreadable == base.unreadable + 1, odd
        assert page.next_cursor == base.next_cursor, odd


def an_unreadable_row_is_counted_with_its_id(case: Case) -> None:
    """A row whose id is all that can be read is named: it exists."""
    base = case.read_first()
    for odd in (7, "x", [1]):
        page = case.read_first(case.with_row("spoils", odd))
        known = {item.id for item in base.items}
        lost = known - {item.id for item in page.items}
        assert len(lost) == 1
        assert page.unreadable == base.unreadable + 1
        assert lost == set(page.unreadable_ids)


def an_odd_id_costs_its_row(case: Case) -> None:
    """An id is a text or nothing: no row is stored under anything else."""
    base = case.read_first()
    others = [item for item in base.items if item.id != first_id(case)]
    for odd in ODD_IDS:
        page = case.read_first(case.with_row("id", odd))
        assert list(page.items) == others, odd
        assert page.unreadable == base.unreadable + 1, odd
    page = case.read_first(case.with_row("id", 12_345))
    check(page)
    assert len(page.items) + page.unreadable == len(base.items) + base.unreadable
    assert {item.id for item in page.items} <= {"12345", *(i.id for i in others)}


def first_id(case: Case) -> str:
    """Return the id of the first row, as its item has it."""
    return str(case.script["first_item"]["id"])


def first_of(case: Case, page: Page) -> IntegrationItem:
    """Return the item of the first row; it must be there."""
    return next(item for item in page.items if item.id == first_id(case))


def a_bad_link_is_no_link(case: Case) -> None:
    """Only https links to a host are kept; the row is kept in any case."""
    if "link" in case.row:
        for link in BAD_LINKS:
            page = case.read_first(case.with_row("link", link))
            check_link(first_of(case, page).url)
            assert link is None or first_of(case, page).url != link


def times_are_aware_and_utc(case: Case) -> None:
    """A time is in UTC, whatever zone it was written in; nonsense is no time."""
    for part, attribute in (
        ("created", "creation_time"),
        ("modified", "last_modified_time"),
    ):
        if part not in case.row:
            continue
        for text, at in TIMES.items():
            item = first_of(case, case.read_first(case.with_row(part, text)))
            assert getattr(item, attribute) == at, text[:40]
        for odd in ODD_TIMES:
            page = case.read_first(case.with_row(part, odd))
            check(page)
            assert len(page.items) == len(case.items), odd


def long_texts_are_bounded(case: Case) -> None:
    """A name is one short line whatever is written, cut with a sign, never empty."""
    for text in (LONG, "a\nb\r\nc\td", "  ", "", "\u202e" + "ü" * 5000):
        page = case.read_first(case.with_row("name", text))
        check(page)
        assert len(page.items) == len(case.items)
    long = first_of(case, case.read_first(case.with_row("name", LONG)))
    assert long.name.endswith("…")
    named = first_of(case, case.read_first(case.with_row("name", "Grace Hopper")))
    assert "Grace Hopper" in named.name


def any_value_of_a_property_can_be_kept(case: Case) -> None:
    """Whatever a value is, the row is kept or counted, and nothing grows."""
    first = case.rows[0]
    inner = paths.get(first, case.row["spoils"])
    for path, _ in list(paths.walk(inner))[:12]:
        for value in (LONG, first_id(case), None, 10**30, True, [], [None, {"a": []}]):
            changed = paths.put(inner, path, value)
            row = paths.put(first, case.row["spoils"], changed)
            page = case.read_first(case.with_rows([row, *case.rows[1:]]))
            check(page)
            shown = {item.id for item in page.items} | set(page.unreadable_ids)
            assert first_id(case) in shown, (path, value)
            for item in page.items:
                assert len(json.dumps(item.properties)) < 2_000_000, path


def the_same_record_comes_out_the_same(case: Case) -> None:
    """A record is the same item whether it is listed or reported as changed."""
    if "changes" not in case.steps():
        return
    listed = {i.id: i for page in case.read_all("pages") for i in page.items}
    changed = {i.id: i for page in case.read_all("changes") for i in page.items}
    both = listed.keys() & changed.keys()
    assert both, "the script shows no record twice"
    assert {key: listed[key] for key in both} == {key: changed[key] for key in both}


def deletions_are_proven(case: Case) -> None:
    """What is called deleted is named by the answer, and is not shown as living."""
    assert case.script.get("deleted", {}) == {
        step: found for step in STEPS if (found := deleted_by(case, step))
    }
    base = case.read_first()
    for row in case.rows:
        page = case.read_first(case.with_rows([row]))
        assert set(page.deleted) <= set(base.deleted)


def deleted_by(case: Case, step: str) -> list[str]:
    """Return the ids that a step calls deleted."""
    if step not in case.steps():
        return []
    return sorted({each for page in case.read_all(step) for each in page.deleted})


def a_row_outlives_what_was_merged_into_it(case: Case) -> None:
    """A record that a row names as merged into it is deleted, the row itself never."""
    pages = [page for step in case.steps() for page in case.read_all(step)]
    merge = case.script.get("merge")
    if merge is None:
        assert not any(takers_of(page) for page in pages), "no merge is in the script"
        return
    row = paths.put(case.rows[0], merge["path"], merge["value"])
    page = case.read_first(case.with_rows([row, *case.rows[1:]]))
    assert first_id(case) in merge["value"], "the row names itself as well"
    assert takers_of(page) == {first_id(case)}
    assert sorted(page.deleted) == merge["deleted"]
    for each in (page, *pages):
        check(each)
        assert takers_of(each) <= {item.id for item in each.items}


def takers_of(page: Page) -> set[str]:
    """Return the ids of the records that others were merged into."""
    ends = page.deleted.values()
    return {end.detail for end in ends if end.kind is DeletionKind.MERGED}


def living_rows_are_never_deleted(case: Case) -> None:
    """A listing of what is deleted may show a living row again: it lives."""
    if "deletions" not in case.steps():
        return
    route = case.route("deletions", 0)
    rows = paths.get(case.answer("deletions", 0), case.listing["rows"])
    if rows is paths.MISSING:
        return
    body = paths.put(case.answer("deletions", 0), case.listing["rows"], case.rows)
    scenario = case.new()
    scenario.transport.on(route, body)
    page = case.fetch(scenario, "deletions", None)
    assert dict(page.deleted) == {}


PROMISES: tuple[Callable[[Case], None], ...] = (
    the_first_item_is_as_written,
    every_item_can_be_stored,
    an_item_is_made_of_its_answer,
    odd_rows_are_counted,
    an_unreadable_row_is_counted_with_its_id,
    an_odd_id_costs_its_row,
    a_bad_link_is_no_link,
    times_are_aware_and_utc,
    long_texts_are_bounded,
    any_value_of_a_property_can_be_kept,
    the_same_record_comes_out_the_same,
    deletions_are_proven,
    a_row_outlives_what_was_merged_into_it,
    living_rows_are_never_deleted,
)

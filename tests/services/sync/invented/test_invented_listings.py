"""Whatever a provider lists, the copy is exact, or says why it may not be."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from integrations.http.responses.body import parse_json
from integrations.http.sending.transport import Headers, Request, Response, Timeouts
from integrations.models import Collection, Item, SyncRun
from integrations.providers import CONNECTORS
from integrations.services.common import queue
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from tests.providers.contract import paths
from tests.providers.contract.case import Case, sent
from tests.services.conftest import Broker, Unlimited
from tests.services.sync.invented.test_invented_syncs import sync_connection
from tests.support.provider_answers.invented import TEXTS, VALUES, bent, examples
from tests.support.rows import make_collection, make_connection, make_grant, make_item

# Where a row of each provider has a text that is kept as it came.
KEPT = {
    "hubspot": ("properties.lastname", "lastname"),
    "airtable": ("fields.fldAAAAAAAAAstate", "fldAAAAAAAAAstate"),
    "notion": ("properties.Cost.number", "c%3Ao"),
}
ODD_CURSORS: dict[str, Any] = {
    "odd": {"page": [1]},
    "list": ["page-1"],
    "empty": "",
    "true": True,
    "fraction": 1.5,
    "long": "page-1" * 2_000,
    "deep": [[["page-1"]]],
}
CURSORS = (*["next"] * 6, "again", "back", "number", *ODD_CURSORS)
# What may come in place of an optional part: nobody's answer, or none to be read.
INSTEAD = (
    (403, b"<html>Blocked</html>"),
    (200, b"<html>Sign in</html>"),
    (200, b'{"status": "ok"}'),
    (200, b"[7]"),
    (503, b""),
)
LONGEST_KEPT = 2_000


@dataclass(kw_only=True)
class Row:
    """One row: what is sent, the id that it has, and what must be kept of it."""

    value: Any
    id: str = ""
    is_sound: bool = False
    kept: Any = None


@dataclass(kw_only=True)
class Listing:
    """Pages of rows, and what each page says about the next one."""

    pages: list[list[Row]]
    cursors: list[str]
    count: int | None = None
    spoilt: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        return [row for page in self.pages for row in page]

    @property
    def different(self) -> int:
        """Return how many rows there are, those that come again left aside."""
        return len({row.id or id(row) for row in self.rows})

    @property
    def lacks_rows(self) -> bool:
        """Tell whether it is told that there are more rows than it shows, by far."""
        if "count" in self.spoilt:
            return False
        return (self.count or 0) > self.different + 5

    @property
    def is_honest(self) -> bool:
        """Tell whether every page leads to the next one, and the last to none."""
        return set(self.cursors[:-1]) <= {"next"}


@dataclass(kw_only=True)
class Invented:
    """A provider that answers one listing, and all else as it was recorded."""

    case: Case
    listing: Listing
    asked: dict[str, int] = field(default_factory=dict)

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        path = urlsplit(request.url).path.removeprefix(f"/{self.case.slug}")
        route = f"{request.method} {path}"
        instead = self.listing.spoilt.get(self.part_of(route, request))
        if instead is not None:
            return Response(status=instead[0], body=instead[1], headers=Headers({}))
        body = self.find(route, request)
        status = 404 if body is None else 200
        content = json.dumps(body if body is not None else {}).encode()
        return Response(status=status, body=content, headers=Headers({}))

    def part_of(self, route: str, request: Request) -> str:
        """Return which optional part is asked for, empty for what is needed."""
        if route.endswith("/contacts/search"):
            return "count"
        is_archived = re.search(r"archived'?: '?[tT]rue", str(sent(request)))
        return "deletions" if is_archived else ""

    def find(self, route: str, request: Request) -> Any:
        asked = sent(request)
        is_other = self.part_of(route, request) == "deletions"
        if route == self.case.route("pages", 0):
            cursor = paths.get(asked, self.case.listing["asks"])
            is_first = cursor in (paths.MISSING, None)
            number = 0 if is_first else int(str(cursor).partition("-")[2] or 0)
            return self.write([], "end", 0) if is_other else self.show(number)
        if route.endswith("/contacts/search"):
            count = self.listing.count
            total = self.listing.different if count is None else count
            return {"total": total, "results": []}
        for step in ("schema", "collections", "identify"):
            names = self.case.script.get(step, {}).get(route)
            if names:
                turn = self.asked[route] = self.asked.get(route, -1) + 1
                return self.case.new().load(names[turn % len(names)])
        return None

    def show(self, number: int) -> Any:
        number = min(number, len(self.listing.pages) - 1)
        rows = [row.value for row in self.listing.pages[number]]
        return self.write(rows, self.listing.cursors[number], number)

    def write(self, rows: list[Any], way: str, number: int) -> Any:
        """Return a page with a cursor of some kind, or with none."""
        where, body = self.case.listing, self.case.with_rows(rows)
        if way == "end":
            if "more" in where:
                return paths.put(
                    paths.put(body, where["more"], False), where["cursor"], None
                )
            return paths.put(body, where["end"], paths.MISSING)
        cursor: Any = {
            "next": f"page-{number + 1}",
            "again": f"page-{number}",
            "back": f"page-{max(0, number - 1)}",
            "number": number + 1,
            **ODD_CURSORS,
        }[way]
        return paths.put(body, where["cursor"], cursor)


WAYS = (*["sound"] * 3, "strange", "odd", "spoilt", "retyped")


@st.composite
def rows(draw: st.DrawFn, case: Case, ids: Iterator[int]) -> Row:
    """Return a row: sound, the one before again, with odd parts, or none at all."""
    first = case.rows[0]
    way = draw(st.sampled_from(WAYS))
    remote_id = f"{first['id'][:-3]}{next(ids):03}"
    row = paths.put(first, case.row["id"], remote_id)
    if "name" in case.row:
        row = paths.put(row, case.row["name"], draw(TEXTS))
    if way == "odd":
        odd = draw(st.one_of(st.none(), st.integers(), TEXTS, st.just({"id": None})))
        return Row(value=odd)
    if way == "retyped":
        other: Any = draw(st.sampled_from(([remote_id], {"id": remote_id}, True, 7.5)))
        return Row(value=paths.put(row, case.row["id"], other))
    if way == "spoilt":
        return Row(value=paths.put(row, case.row["spoils"], 7), id=remote_id)
    if way == "strange":
        inside = draw(bent(row[case.row["spoils"].split(".")[0]]))
        return Row(value={**row, case.row["spoils"]: inside}, id=remote_id)
    kept: Any = draw(st.integers(0, 10**9) if case.slug == "notion" else TEXTS)
    row = paths.put(row, KEPT[case.slug][0], kept)
    for part in ("created", "modified"):
        if part in case.row:
            row = paths.put(row, case.row[part], draw(VALUES))
    return Row(value=row, id=remote_id, is_sound=True, kept=kept)


@st.composite
def listings(draw: st.DrawFn, case: Case) -> Listing:
    """Return a few pages; some ids come twice, as do some pages."""
    ids = iter(range(100, 999))
    pages = draw(
        st.lists(st.lists(rows(case, ids), max_size=4), min_size=1, max_size=4)
    )
    if draw(st.booleans()):
        # Some come twice on one page.
        pages = [[*page, *page[:2]] for page in pages]
    pages += [list(page) for page in draw(st.lists(st.sampled_from(pages), max_size=3))]
    honest = st.just("next")
    way = draw(st.sampled_from((honest, st.sampled_from(CURSORS))))
    cursors = [draw(way) for _ in pages[:-1]]
    listing = Listing(pages=pages, cursors=[*cursors, "end"])
    if draw(st.booleans()):
        listing.count = listing.different + draw(st.sampled_from((0, 1, 7, 50)))
    # Others answer them by asking for what this provider knows nothing of.
    parts = ("deletions", "count") if case.slug == "hubspot" else ("count",)
    for part in draw(st.sets(st.sampled_from(parts))):
        listing.spoilt[part] = draw(st.sampled_from(INSTEAD))
    return listing


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Invented:
    """Put an invented provider where the product's network is."""
    settings.CONTENT_PAGES_PER_RUN = 0
    case = Case(CONNECTORS["hubspot"])
    provider = Invented(case=case, listing=Listing(pages=[[]], cursors=["end"]))
    limiter = Unlimited()
    monkeypatch.setattr(oauth_clients, "transport", lambda: provider)
    monkeypatch.setattr(clients, "limiter", lambda: limiter)
    monkeypatch.setattr(queue, "current_app", Broker())
    return provider


def prepare(owner: User, case: Case) -> Collection:
    """Make a connection whose one collection has an item that is listed no more."""
    connection = make_connection(
        owner,
        provider=case.slug,
        remote_id=f"{uuid4()}",
        account=case.script["account"],
        discovered_at=timezone.now(),
    )
    make_grant(connection)
    collection = make_collection(
        connection, **case.script["collection"], item_type=case.items[0].type
    )
    make_item(collection, remote_id=f"{case.rows[0]['id'][:-3]}099")
    return collection


def read(collection: Collection) -> SyncRun:
    """Work on a run of the collection's connection until it has ended."""
    run = sync_connection(collection.connection)
    collection.refresh_from_db()
    return run


@pytest.mark.usefixtures("without_logs")
@pytest.mark.parametrize("slug", sorted(KEPT))
@given(data=st.data())
@examples(10)
def test_the_copy_is_exact_or_says_why_not(
    alice: User, invented: Invented, slug: str, data: st.DataObject
) -> None:
    case = invented.case = Case(CONNECTORS[slug])
    listing = invented.listing = data.draw(listings(case))
    collection = prepare(alice, case)

    run = read(collection)

    assert run.outcome in {"complete", "partial", "failed"}, run.reason
    assert collection.reason != "connector_error", collection.reason_data
    check_copy(case, listing, collection)


def check_copy(case: Case, listing: Listing, collection: Collection) -> None:
    """Hold what is stored against what was listed."""
    stored = {
        item.remote_id: item for item in Item.objects.filter(collection=collection)
    }
    live = {key for key, item in stored.items() if not item.is_deleted}
    old = f"{case.rows[0]['id'][:-3]}099"
    is_told = collection.completeness != "complete" and bool(collection.reason)
    if not listing.is_honest:
        assert is_told or (case.slug == "hubspot" and "number" in listing.cursors)
        assert old in live or not is_told
        return
    if listing.lacks_rows and case.script.get("count"):
        assert is_told
        assert old in live
    known = {row.id for row in listing.rows if row.id}
    sound = {row.id: row for row in listing.rows if row.is_sound}
    assert sound.keys() <= live
    assert live <= known | {old}
    unread = [row for row in listing.rows if row.id not in live]
    if unread:
        assert is_told
        assert collection.unreadable_count >= len({id(row) for row in unread})
    if not is_told:
        assert live == known
        assert collection.stored_count == len(live)
    if any(not row.id for row in listing.rows):
        assert old in live
    name = KEPT[case.slug][1]
    for key, row in sound.items():
        wanted = parse_json(json.dumps(row.kept).encode())
        if not isinstance(wanted, str) or len(wanted) < LONGEST_KEPT:
            assert stored[key].properties.get(name) == wanted


def test_a_page_that_comes_again_does_not_stand_for_the_one_that_never_came(
    alice: User, invented: Invented
) -> None:
    case = invented.case
    page = [
        Row(value=paths.put(case.rows[0], "id", f"9{n:03}"), id=f"9{n:03}")
        for n in range(100, 110)
    ]
    invented.listing = Listing(pages=[page, page], cursors=["next", "end"], count=20)
    collection = prepare(alice, case)

    run = read(collection)

    assert (run.outcome, collection.reason) == ("partial", "short_listing")
    assert collection.reason_data == {"listed": 10, "total": 20}
    assert Item.objects.live().filter(collection=collection).count() == 11

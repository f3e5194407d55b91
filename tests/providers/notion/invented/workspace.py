"""Be a small Notion workspace, and a store that keeps what is read from it."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem, Page
from integrations.providers.stored import StoredItem

ROOT = {"type": "workspace", "workspace": True}
EARLY = "2026-11-01T08:00:00.000Z"

# What the full refresh did not show, nor said anything of.
UNSEEN = Deletion(kind=DeletionKind.DELETED_OR_UNSHARED)


def uid(number: int) -> str:
    """Return the id that a test calls by a number."""
    return f"00000000-0000-4000-8000-{number:012d}"


def ids(*numbers: int) -> set[str]:
    return {uid(number) for number in numbers}


def in_page(number: int) -> dict[str, Any]:
    return {"type": "page_id", "page_id": uid(number)}


def in_block(number: int) -> dict[str, Any]:
    return {"type": "block_id", "block_id": uid(number)}


def in_source(number: int) -> dict[str, Any]:
    return {"type": "data_source_id", "data_source_id": uid(number)}


class Workspace:
    """Answer like Notion: search leaves out what is in ``unsearchable``.

    The blocks of what is ``closed`` are not shown.
    """

    page_size = 3

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.blocks: dict[str, list[dict[str, Any]]] = {}
        self.unsearchable: set[str] = set()
        self.unshared: set[str] = set()
        self.closed: set[str] = set()
        self.is_capped = False
        self.requests: list[Request] = []

    def hide(self, *numbers: int) -> None:
        """Leave things out of what search answers."""
        self.unsearchable |= ids(*numbers)

    def asked_for(self, number: int) -> int:
        """Count the requests that name one thing, whatever they take it for."""
        return sum(1 for request in self.requests if uid(number) in request.url)

    def page(self, number: int, parent: Mapping[str, Any] = ROOT, **more: Any) -> None:
        """Add a page, a block in its parent included."""
        self._add(number, "page", parent, more)
        title = [{"plain_text": f"Page {number}"}]
        properties = {"T": {"id": "title", "type": "title", "title": title}}
        self.things[uid(number)]["properties"] = properties
        self._put("child_page", number, parent)

    def block(self, number: int, parent: Mapping[str, Any], kind: str) -> None:
        """Add a block that holds others."""
        self._add(number, "block", parent, {})
        self._put(kind, number, parent)

    def database(
        self, number: int, sources: list[int], parent: Mapping[str, Any] = ROOT
    ) -> None:
        """Add a database with its data sources."""
        named = [{"id": uid(each), "name": f"Source {each}"} for each in sources]
        title = [{"plain_text": f"Database {number}"}]
        more = {"title": title, "data_sources": named}
        self._add(number, "database", parent, more)
        self._put("child_database", number, parent)
        for each in sources:
            held = {"type": "database_id", "database_id": uid(number)}
            title = [{"plain_text": f"Source {each}"}]
            about = {"title": title, "properties": {}, "database_parent": dict(parent)}
            self._add(each, "data_source", held, about)

    def trash(self, number: int) -> None:
        """Put one thing into the trash; what it holds keeps its own flag."""
        self.things[uid(number)]["in_trash"] = True

    def calls(self, path: str) -> int:
        """Count the requests whose path begins so."""
        paths = [urlsplit(each.url).path for each in self.requests]
        return sum(1 for each in paths if each.startswith(f"/v1{path}"))

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer one request."""
        self.requests.append(request)
        parts = urlsplit(request.url)
        query = {key: value[0] for key, value in parse_qs(parts.query).items()}
        steps = parts.path.removeprefix("/v1/").split("/")
        body = json.loads(request.body or b"{}")
        answer = self._answer(steps, query, body)
        if answer is None:
            missing = {"object": "error", "status": 404, "code": "object_not_found"}
            return Response(status=404, body=json.dumps(missing).encode())
        return Response(status=200, body=json.dumps(answer).encode())

    def _answer(self, steps: list[str], query: Any, body: Any) -> Any:
        if steps == ["search"]:
            return self._search(body)
        if steps[0] == "blocks" and steps[-1] == "children":
            return self._children(steps[1], query.get("start_cursor"))
        kind = steps[0].removesuffix("s")
        thing = self.things.get(steps[1])
        is_shown = thing is not None and steps[1] not in self.unshared
        return thing if thing and is_shown and thing["object"] == kind else None

    def _search(self, body: Any) -> Any:
        wanted = body["filter"]
        hits = [
            thing
            for key, thing in self.things.items()
            if thing["object"] == wanted["value"]
            and thing["in_trash"] is wanted.get("in_trash", False)
            and key not in self.unsearchable | self.unshared
        ]
        hits.sort(key=lambda each: each["last_edited_time"], reverse=True)
        found = self._list(hits, body.get("start_cursor"))
        status = {
            "type": "incomplete",
            "incomplete_reason": "query_result_limit_reached",
        }
        return {**found, "request_status": status} if self.is_capped else found

    def _children(self, remote_id: str, start: str | None) -> Any:
        hidden = self.unshared | self.closed
        if remote_id not in self.things or remote_id in hidden:
            return None
        shown = [
            block
            for block in self.blocks.get(remote_id, [])
            if block["id"] not in self.unshared
            and not self.things[block["id"]]["in_trash"]
        ]
        return self._list(shown, start)

    def _list(self, rows: list[Any], start: str | None) -> Any:
        first = int(start or 0)
        last = first + self.page_size
        has_more = last < len(rows)
        return {
            "object": "list",
            "results": rows[first:last],
            "has_more": has_more,
            "next_cursor": str(last) if has_more else None,
        }

    def _add(self, number: int, kind: str, parent: Any, more: dict[str, Any]) -> None:
        self.things[uid(number)] = {
            "object": kind,
            "id": uid(number),
            "parent": dict(parent),
            "created_time": EARLY,
            "last_edited_time": EARLY,
            "in_trash": False,
            "url": f"https://app.notion.com/p/{number}",
            **more,
        }

    def _put(self, kind: str, number: int, parent: Mapping[str, Any]) -> None:
        holder = parent.get(str(parent["type"]))
        if not isinstance(holder, str):
            return
        row = {"object": "block", "id": uid(number), "type": kind}
        row["has_children"] = True
        self.blocks.setdefault(holder, []).append(row)


class Store:
    """Keep items as the engine does, one place per collection and id."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)
        self.rows: dict[tuple[str, str], tuple[IntegrationItem, datetime]] = {}
        self.deleted: dict[tuple[str, str], Deletion] = {}
        self.seen: set[tuple[str, str]] = set()
        self.collections: set[str] = set()

    def keep(self, collection_id: str, page: Page) -> None:
        """Store a page, its other_collections and what it lost."""
        self.now += timedelta(seconds=1)
        self.collections |= {each.remote_id for each in page.collections}
        for item in page.items:
            key = collection_id, item.id
            old = self.rows.get(key)
            is_same = old is not None and old[0] == item and key not in self.deleted
            self.deleted.pop(key, None)
            self.seen.add(key)
            if not is_same:
                self.rows[key] = item, self.now
        for remote_id, deletion in page.deleted.items():
            if (collection_id, remote_id) in self.rows:
                self.deleted[collection_id, remote_id] = deletion
        for other, sibling in page.other_collections.items():
            self.keep(other, sibling)

    def sweep(self, collection_id: str) -> None:
        """Hide what the pass has not seen."""
        for key in self.rows.keys() - self.seen - self.deleted.keys():
            if key[0] == collection_id:
                self.deleted[key] = UNSEEN

    def live(self, *collections: str) -> dict[str, IntegrationItem]:
        """Return the live items by id, of some collections or of all."""
        return {
            key[1]: item
            for key, (item, _) in self.rows.items()
            if key not in self.deleted and (not collections or key[0] in collections)
        }


class View:
    """Show a connector what the store holds, as ``StoredItems`` promises."""

    def __init__(
        self,
        store: Store,
        own: str,
        turn: int,
        last: datetime | None,
        *,
        began: datetime | None = None,
        is_full_refresh: bool = True,
    ):
        self.store, self.own, self.turn, self.last_full_refresh = store, own, turn, last
        self.began, self.is_full_refresh = began, is_full_refresh

    @property
    def count(self):
        return sum(each.collection_id == self.own for each in self._all())

    def find(self, ids):
        wanted = set(ids)
        return {each.id: each for each in self._all() if each.id in wanted}

    def find_own(self, ids):
        found = self.find(ids)
        return {k: e for k, e in found.items() if e.collection_id == self.own}

    def walk(self, *, after, limit, since=None):
        found = [e for e in self._all() if since is None or self._is_news(e, since)]
        found.sort(key=lambda each: each.position)
        return [each for each in found if each.position > after][:limit]

    def _is_news(self, item, since):
        is_edited = item.updated is not None and item.updated >= since
        return is_edited or (self.began is not None and item.changed >= self.began)

    def children(self, parent_id, *, types):
        found = (e for e in self._all() if e.parent_id == parent_id)
        return [each for each in found if each.type in types]

    def latest(self, *, edited_after, limit):
        found = [e for e in self._all() if e.collection_id == self.own and e.updated]
        found.sort(key=lambda each: each.updated, reverse=True)
        is_all = edited_after is None
        return [e for e in found if is_all or e.updated > edited_after][:limit]

    def orphans(self, *, after, limit):
        known = {each.id for each in self._all()}
        found = [
            replace(each, position=f"{each.parent_id}|{each.id}")
            for each in self._all()
            if each.collection_id == self.own
            and each.parent_id
            and each.parent_id not in known
        ]
        found.sort(key=lambda each: each.position)
        end = "" if "|" in after or not after else "|~"
        return [each for each in found if each.position > after + end][:limit]

    def unseen(self, *, after, limit):
        seen = self.store.seen
        found = self._own(after, limit, lambda e: (self.own, e.id) not in seen)
        return [replace(each, position=each.id) for each in found]

    def _own(self, after, limit, is_wanted):
        found = [e for e in self._all() if e.collection_id == self.own and is_wanted(e)]
        found.sort(key=lambda each: each.id)
        return [each for each in found if each.id > after][:limit]

    def _all(self):
        live = (key for key in self.store.rows if key not in self.store.deleted)
        sizes = Counter(collection_id for collection_id, _ in live)
        for key, (item, changed) in self.store.rows.items():
            if key in self.store.deleted:
                continue
            yield StoredItem(
                id=item.id,
                type=item.type,
                collection_id=key[0],
                changed=changed,
                updated=item.last_modified_time,
                parent_id=item.parent_id,
                properties=item.properties,
                crowd=sizes[key[0]],
                position=f"{changed.isoformat()}|{item.id}",
            )


class Reading:
    """Read collections of a workspace step by step into a store."""

    def __init__(self, scenario: Any, workspace: Workspace) -> None:
        self.scenario, self.workspace = scenario, workspace
        self.store, self.turn = Store(), 0
        self.last: dict[str, datetime] = {}
        self.began: datetime | None = None

    def full(self, *collections: str) -> None:
        """Make a full refresh over these collections, sweep included."""
        self.turn += 1
        for own in collections:
            self.store.seen = set()
            self.listing("fetch_page", own)
            self.listing("fetch_deleted", own, is_full=True)
            self.store.sweep(own)
            self.last[own] = self.store.now

    def changes(self, own: str, since: datetime) -> None:
        """Make an incremental sync."""
        self.listing("fetch_page", own, since=since)

    def listing(
        self, method: str, own: str, *, is_full: bool | None = None, **more: Any
    ) -> list[Page]:
        """Read one listing to its end; a cursor may not stand still."""
        pages, cursor = [], None
        self.store.now += timedelta(seconds=1)
        self.began = self.store.now
        if is_full is None:
            is_full = method == "fetch_page" and "since" not in more
        for _ in range(500):
            page = getattr(self.scenario.connector, method)(
                self.scenario.api, self.context(own, is_full), cursor=cursor, **more
            )
            self.store.keep(own, page)
            pages.append(page)
            if page.next_cursor is None:
                return pages
            assert page.next_cursor != cursor
            assert len(page.next_cursor) < 4000
            cursor = page.next_cursor
        raise AssertionError("the listing does not end")

    def context(self, own: str, is_full: bool = True) -> Any:
        """Return the context of one collection, with a view on the store."""
        view = View(
            self.store,
            own,
            self.turn,
            self.last.get(own),
            began=self.began,
            is_full_refresh=is_full,
        )
        context = self.scenario.context(remote_id=own, name=own)
        return replace(context, stored=view)

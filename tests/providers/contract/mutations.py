"""Deliberate bugs that any connector could have, to count which the contract sees.

Each makes a connector that is the given one but for one mistake: in what it sends, in
what it makes of an answer, or in what it takes a refusal for.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from integrations.http.errors import (
    ApiError,
    Forbidden,
    InvalidResponse,
    Network,
    NotFound,
    RateLimited,
    Server,
    Unauthorized,
)
from integrations.providers.connector import BaseConnector
from integrations.providers.errors import CollectionDeletedError
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem, Page
from integrations.providers.spec import Scope

DELETED = Deletion(kind=DeletionKind.DELETED)
END = Page(items=(), next_cursor=None)
SIZES = frozenset({"limit", "pageSize", "page_size"})
CURSORS = frozenset({"after", "offset", "start_cursor", "cursor"})
FETCHES = ("fetch_page", "fetch_deleted")

Mutate = Callable[[BaseConnector], BaseConnector]
Args = dict[str, Any]


def mutant(connector: BaseConnector, /, **members: Any) -> BaseConnector:
    """Return a connector of the same class with some members replaced."""
    kind = type(connector)
    members["__module__"] = kind.__module__
    changed = object.__new__(type(f"Bad{kind.__name__}", (kind,), members))
    vars(changed).update(vars(connector))
    return changed


class Altered:
    """An ApiClient whose calls are changed on their way out."""

    def __init__(self, api: Any, change: Callable[[str, str, Args], Any]) -> None:
        self._api = api
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def get(self, path: str, **args: Any) -> Any:
        return self._send("get", path, args)

    def post(self, path: str, **args: Any) -> Any:
        return self._send("post", path, args)

    def _send(self, method: str, path: str, args: Args) -> Any:
        method, path, args = self._change(method, path, args)
        return getattr(self._api, method)(path, **args)


def sending(change: Callable[[str, str, Args], Any]) -> Mutate:
    """Return a mutation of every call that a listing makes."""

    def mutate(connector: BaseConnector) -> BaseConnector:
        def altered(name: str) -> Any:
            fetch = getattr(connector, name)
            return lambda _self, api, *args, **more: fetch(
                Altered(api, change), *args, **more
            )

        names = (*FETCHES, "fetch_count", "fetch_schema", "list_collections")
        return mutant(connector, **{name: altered(name) for name in names})

    return mutate


def answering(change: Callable[[Page], Page], names: Sequence[str] = FETCHES) -> Mutate:
    """Return a mutation of every page that a listing returns."""

    def mutate(connector: BaseConnector) -> BaseConnector:
        def altered(name: str) -> Any:
            fetch = getattr(connector, name)
            return lambda _self, *args, **more: change(fetch(*args, **more))

        return mutant(connector, **{name: altered(name) for name in names})

    return mutate


def mapping(**changes: Callable[[IntegrationItem], Any]) -> Mutate:
    """Return a mutation of some fields of every item."""

    def change(page: Page) -> Page:
        items = [
            replace(item, **{name: make(item) for name, make in changes.items()})
            for item in page.items
        ]
        return replace(page, items=items)

    return answering(change)


def swallowing(*kinds: type[ApiError]) -> Mutate:
    """Return the mutation that takes errors for the end of a listing."""

    def mutate(connector: BaseConnector) -> BaseConnector:
        def altered(name: str) -> Any:
            def fetch(_self: Any, *args: Any, **more: Any) -> Page:
                try:
                    page: Page = getattr(connector, name)(*args, **more)
                except kinds:
                    return END
                return page

            return fetch

        return mutant(connector, **{name: altered(name) for name in FETCHES})

    return mutate


def without(keys: frozenset[str]) -> Mutate:
    """Return the mutation that leaves parameters out of calls."""

    def change(method: str, path: str, args: Args) -> Any:
        return method, path, {k: _drop(v, keys) for k, v in args.items()}

    return sending(change)


def _drop(value: Any, keys: frozenset[str]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: each for key, each in value.items() if key not in keys}


def _shrink(method: str, path: str, args: Args) -> Any:
    def shrunk(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {k: 1 if k in SIZES else v for k, v in value.items()}

    return method, path, {part: shrunk(value) for part, value in args.items()}


def _swap(method: str, path: str, args: Args) -> Any:
    if method == "get":
        return "post", path, {"json": args.get("params"), "is_read": True}
    params = {k: v for k, v in args["json"].items() if isinstance(v, str | int)}
    return "get", path, {"params": params}


def _since(change: Callable[[datetime], datetime]) -> Mutate:
    def mutate(connector: BaseConnector) -> BaseConnector:
        def fetch(_self: Any, *args: Any, cursor: Any, since: Any = None) -> Page:
            when = change(since) if since else None
            return connector.fetch_page(*args, cursor=cursor, since=when)

        return mutant(connector, fetch_page=fetch)

    return mutate


def _tell_token(connector: BaseConnector) -> BaseConnector:
    def fetch(_self: Any, api: Any, collection: Any, **more: Any) -> Page:
        def change(method: str, path: str, args: Args) -> Any:
            params = {
                **(args.get("params") or {}),
                "access_token": api.token().reveal(),
            }
            return method, path, {**args, "params": params}

        altered: Any = Altered(api, change)
        return connector.fetch_page(altered, collection, **more)

    return mutant(connector, fetch_page=fetch)


def _remember_cursor(connector: BaseConnector) -> BaseConnector:
    """Go on from where this very process was, whatever cursor is given."""

    def fetch(self: Any, *args: Any, cursor: Any, since: Any = None) -> Page:
        at = getattr(self, "at", None) if cursor else None
        page = connector.fetch_page(*args, cursor=at, since=since)
        self.at = page.next_cursor
        return page

    return mutant(connector, fetch_page=fetch)


def _repeat_limited(connector: BaseConnector) -> BaseConnector:
    def fetch(_self: Any, *args: Any, **more: Any) -> Page:
        try:
            return connector.fetch_page(*args, **more)
        except RateLimited:
            return connector.fetch_page(*args, **more)

    return mutant(connector, fetch_page=fetch)


def _identity(change: Callable[[Any, Any], Any]) -> Mutate:
    def mutate(connector: BaseConnector) -> BaseConnector:
        def identify(_self: Any, grant: Any) -> Any:
            return change(connector.identify(grant), grant.tokens)

        return mutant(connector, identify=identify)

    return mutate


def _limits(change: Callable[[Any], Any]) -> Mutate:
    def mutate(connector: BaseConnector) -> BaseConnector:
        def limits(_self: Any, account_id: str, settings: Any) -> Any:
            return tuple(
                change(each) for each in connector.limits(account_id, settings)
            )

        return mutant(connector, limits=limits)

    return mutate


def _classify(change: Callable[[Any], Any]) -> Mutate:
    def mutate(connector: BaseConnector) -> BaseConnector:
        def classify(_self: Any, response: Any) -> Any:
            return change(connector.classify(response))

        return mutant(connector, classify=classify)

    return mutate


def _instead(kind: type[ApiError], other: type[ApiError]) -> Mutate:
    def change(error: Any) -> Any:
        if type(error) is not kind:
            return error
        return other(error.message, status=error.status)

    return _classify(change)


def _without_wait(error: Any) -> Any:
    if isinstance(error, RateLimited):
        error.retry_after = None
    return error


def _describe_known(connector: BaseConnector) -> BaseConnector:
    def describe(_self: Any, properties: Any, schema: Any, account: Any) -> Any:
        known = {entry["name"]: entry for entry in schema["fields"]}
        assert all(known[name] for name in properties)
        return connector.describe(properties, schema, account)

    return mutant(connector, describe=describe)


def _describe(change: Callable[[Any], Any]) -> Mutate:
    def mutate(connector: BaseConnector) -> BaseConnector:
        def describe(_self: Any, *args: Any) -> Any:
            return [change(field) for field in connector.describe(*args)]

        return mutant(connector, describe=describe)

    return mutate


def _links_twice(connector: BaseConnector) -> BaseConnector:
    def links(_self: Any, *args: Any, **more: Any) -> Any:
        return [*connector.links(*args, **more)] * 2

    return mutant(connector, links=links)


def _scopes(connector: BaseConnector) -> BaseConnector:
    scopes = connector.spec.scopes[1:] or (
        Scope(name="admin", description="Everything"),
    )
    return mutant(connector, spec=replace(connector.spec, scopes=scopes))


def _collections(change: Callable[[Any], Any]) -> Mutate:
    def mutate(connector: BaseConnector) -> BaseConnector:
        def list_collections(_self: Any, api: Any, *, account: Any) -> Any:
            return change(lambda: connector.list_collections(api, account=account))

        return mutant(connector, list_collections=list_collections)

    return mutate


def _or_nothing(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except ApiError:
        return []


def _later(item: IntegrationItem) -> Any:
    return item.creation_time and item.creation_time + timedelta(hours=1)


def _naive(item: IntegrationItem) -> Any:
    return item.creation_time and item.creation_time.replace(tzinfo=None)


def _in_bytes(page: Page) -> Page:
    cursor: Any = page.next_cursor and page.next_cursor.encode()
    return replace(page, next_cursor=cursor)


MUTATIONS: Mapping[str, Mutate] = {
    "drops the cursor": without(CURSORS),
    "sends no page size": without(SIZES),
    "asks for one row": sending(_shrink),
    "asks another path": sending(lambda m, p, a: (m, f"{p}s", a)),
    "asks by another method": sending(_swap),
    "puts the token into the address": _tell_token,
    "remembers the cursor itself": _remember_cursor,
    "asks for all changes": _since(lambda since: datetime(2000, 1, 1, tzinfo=UTC)),
    "asks an hour late": _since(lambda since: since + timedelta(hours=1)),
    "asks two hours early": _since(lambda since: since - timedelta(hours=2)),
    "ends after page one": answering(lambda p: replace(p, next_cursor=None)),
    "never moves on": answering(lambda p: replace(p, next_cursor="again")),
    "returns a cursor in bytes": answering(_in_bytes),
    "counts no unreadable rows": answering(lambda p: replace(p, unreadable=0)),
    "names no unreadable rows": answering(lambda p: replace(p, unreadable_ids=())),
    "drops a row": answering(lambda p: replace(p, items=p.items[1:])),
    "calls what it shows deleted": answering(
        lambda p: replace(
            p, deleted={**p.deleted, **dict.fromkeys((i.id for i in p.items), DELETED)}
        )
    ),
    "invents a deletion": answering(lambda p: replace(p, deleted={"0": DELETED})),
    "takes a 429 for the end": swallowing(RateLimited),
    "takes a 403 for the end": swallowing(Forbidden),
    "takes a 401 for the end": swallowing(Unauthorized),
    "takes a 404 for the end": swallowing(NotFound, CollectionDeletedError),
    "takes a 500 for the end": swallowing(Server),
    "takes a timeout for the end": swallowing(Network),
    "takes an odd answer for the end": swallowing(InvalidResponse),
    "tries again after a 429": _repeat_limited,
    "returns plain http links": mapping(url=lambda i: "http://example.org/"),
    "returns any link": mapping(url=lambda i: "javascript:alert(1)"),
    "returns times without a zone": mapping(creation_time=_naive),
    "is an hour off": mapping(creation_time=_later),
    "invents a time": mapping(creation_time=lambda i: datetime.now(UTC)),
    "returns numbers for ids": mapping(id=lambda i: 7),
    "takes the name for the id": mapping(id=lambda i: i.name),
    "does not bound names": mapping(name=lambda i: i.name * 500),
    "cuts names without a sign": mapping(name=lambda i: i.name.removesuffix("…")),
    "returns an empty name": mapping(name=lambda i: ""),
    "is of another type": mapping(type=lambda i: "thing"),
    "belongs to another account": mapping(parent_id=lambda i: "of-somebody-else"),
    "has children of another account": mapping(children=lambda i: ("not-ours",)),
    "hides what is shown": mapping(visibility=lambda i: False),
    "keeps what is no JSON": mapping(properties=lambda i: {"at": datetime.now(UTC)}),
    "takes an address for the account": _identity(
        lambda account, _: replace(account, remote_id="ada@example.org")
    ),
    "keeps the token among the details": _identity(
        lambda account, tokens: replace(
            account,
            details={**account.details, "token": tokens.access_token.reveal()},
        )
    ),
    "shares a limit among accounts": _limits(lambda each: replace(each, key="all")),
    "allows ten times as many calls": _limits(
        lambda each: replace(each, limit=each.limit * 10)
    ),
    "takes a 401 for a 403": _instead(Unauthorized, Forbidden),
    "takes a 403 for a 404": _instead(Forbidden, NotFound),
    "takes a 429 for a 500": _instead(RateLimited, Server),
    "forgets how long to wait": _classify(_without_wait),
    "describes known properties only": _describe_known,
    "describes values as bare texts": _describe(
        lambda field: replace(field, value=str(field.value))
    ),
    "links what it links twice": _links_twice,
    "labels values by their names": _describe(
        lambda field: replace(field, label=f"{field.name} ")
    ),
    "asks for other scopes": _scopes,
    "loses a collection": _collections(lambda ask: ask()[:-1]),
}

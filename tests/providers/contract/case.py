"""Hold one provider under test, and play its script to it with one thing changed."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import asdict

from integrations.http.sending.transport import Request
from integrations.oauth.tokens import TokenSet, read_tokens
from integrations.providers.connector import BaseConnector
from integrations.providers.records import IntegrationItem, Page, RemoteAccount
from tests.providers.contract import paths
from tests.providers.scenario import Scenario

SINCE = datetime(2026, 11, 20, 8, 30, 15, tzinfo=UTC)
STEPS = ("pages", "changes", "deletions")
# More than any call is repeated, so that a variant never runs dry.
OFTEN = 8


class Case:
    """Give each promise fresh scenarios of one connector, and its script.

    ``listing`` says where the answers of a listing have their rows, their cursor and
    the parts of a row; ``row`` are the paths in one row.
    """

    def __init__(self, connector: BaseConnector) -> None:
        self.connector = connector
        self.slug = connector.spec.slug
        self.script: Mapping[str, Any] = self.new().script
        self.listing: Mapping[str, str] = self.script["listing"]
        self.row: Mapping[str, str] = self.script["row"]
        self.account_id: str = self.script["account_id"]

    def new(self) -> Scenario:
        """Return a scenario in which nothing has been asked yet."""
        return Scenario(self.slug, self.connector)

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """Return the collection's schema, as it comes back from the database."""
        scenario = self.new()
        scenario.play(self.script.get("schema", {}))
        schema = scenario.connector.fetch_schema(scenario.api, scenario.context())
        return json.loads(json.dumps(schema))

    @cached_property
    def first_body(self) -> Any:
        """Return the answer of page one."""
        return self.answer("pages", 0)

    @cached_property
    def items(self) -> Sequence[IntegrationItem]:
        """Return the items of page one."""
        return self.read_first().items

    @property
    def rows(self) -> list[Any]:
        """Return the rows of page one."""
        return copy.deepcopy(paths.get(self.first_body, self.listing["rows"]))

    @property
    def cursor(self) -> Any:
        """Return the cursor that page one names."""
        return paths.get(self.first_body, self.listing["cursor"])

    @property
    def tokens(self) -> TokenSet:
        """Return the tokens of the script's grant."""
        return read_tokens(self.new().load(self.script["token"]))

    def route(self, step: str, number: int) -> str:
        """Return the first call that one page of a step makes."""
        return next(iter(self.script[step][number]))

    def answer(self, step: str, number: int) -> Any:
        """Return the answer to that call."""
        name = self.script[step][number][self.route(step, number)][0]
        return self.new().load(name)

    def steps(self) -> list[str]:
        """Return the listings that this provider has something recorded of."""
        return [step for step in STEPS if any(self.script.get(step, ()))]

    def with_rows(self, rows: Sequence[Any]) -> Any:
        """Return the answer of page one with other rows."""
        return paths.put(self.first_body, self.listing["rows"], list(rows))

    def with_row(self, part: str, value: Any) -> Any:
        """Return page one with one part of its first row changed."""
        first, *others = self.rows
        return self.with_rows([paths.put(first, self.row[part], value), *others])

    def read_first(self, body: Any = None, **answer: Any) -> Page:
        """Read page one, whose answer is ``body`` instead of the recorded one."""
        return self.read(self.new(), "pages", 0, None, body, **answer)

    def read(
        self,
        scenario: Scenario,
        step: str,
        number: int,
        cursor: str | None,
        body: Any = None,
        **answer: Any,
    ) -> Page:
        """Read one page of a step; the answer to its first call may be another."""
        exchanges: dict[str, Sequence[str]] = dict(self.script[step][number])
        if body is not None or answer:
            route = self.route(step, number)
            exchanges.pop(route)
            scenario.transport.on(route, body, times=OFTEN, **answer)
        scenario.play(exchanges)
        return self.fetch(scenario, step, cursor)

    def fetch(self, scenario: Scenario, step: str, cursor: str | None) -> Page:
        """Make the call of a step."""
        connector, api = scenario.connector, scenario.api
        collection = scenario.context(schema=self.schema)
        if step == "pages":
            return connector.fetch_page(api, collection, cursor=cursor)
        if step == "changes":
            return connector.fetch_page(api, collection, cursor=cursor, since=SINCE)
        return connector.fetch_deleted(api, collection, cursor=cursor)

    def read_all(self, step: str, scenario: Scenario | None = None) -> list[Page]:
        """Read a listing of the script to its end, its cursors kept as JSON."""
        scenario = scenario or self.new()
        pages: list[Page] = []
        cursor: str | None = None
        for number in range(len(self.script[step])):
            page = self.read(scenario, step, number, cursor)
            pages.append(page)
            cursor = json.loads(json.dumps(page.next_cursor))
        assert scenario.transport.left == [], "a recorded call was never made"
        return pages

    def identify(self, scenario: Scenario, tokens: TokenSet) -> RemoteAccount:
        """Ask whose grant it is."""
        return scenario.connector.identify(scenario.grant(tokens))

    def count(self, scenario: Scenario) -> int | None:
        """Ask for the provider's own count."""
        return scenario.connector.fetch_count(scenario.api, scenario.context())


Promise = Callable[[Case], None]


def sent(request: Request) -> dict[str, Any]:
    """Return what a request says, as flat paths: ``query.limit``, ``json.filter``."""
    parts = urlsplit(request.url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    repeated: dict[str, list[str]] = {}
    for key, value in query:
        repeated.setdefault(key, []).append(value)
    told: dict[str, Any] = {
        "query": {k: v[0] if len(v) == 1 else v for k, v in repeated.items()},
    }
    if request.body:
        kind = str(request.headers.get("Content-Type", ""))
        if "json" in kind:
            told["json"] = json.loads(request.body)
        else:
            told["form"] = dict(parse_qsl(request.body.decode()))
    return told


def as_json(item: IntegrationItem) -> dict[str, Any]:
    """Return an item as a script writes it: without what is empty."""
    told = json.loads(json.dumps(asdict(item), default=_write_time))
    return {key: value for key, value in told.items() if value not in (None, {}, [])}


def _write_time(value: datetime) -> str:
    assert value.tzinfo is not None, "a time without a zone"
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

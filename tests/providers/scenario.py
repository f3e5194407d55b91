"""Play a provider's recorded situations to its connector."""

import inspect
import json
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from integrations import providers
from integrations.http.client import ApiClient
from integrations.http.resilience.limits import Limit
from integrations.http.secrets import Secret
from integrations.http.sending.transport import Headers, Request, Response, Timeouts
from integrations.oauth.client import OAuthClient
from integrations.oauth.tokens import TokenSet
from integrations.providers.connector import BaseConnector, CollectionContext, NewGrant
from integrations.providers.spec import ProviderSettings, ProviderSpec
from tests.support.provider_answers.described import check

FOLDER = Path(providers.__file__).parent
Exchanges = Mapping[str, Sequence[str]]


class UnexpectedRequestError(Exception):
    """A request that nobody announced: no connector takes it for an odd row."""


class PathTransport:
    """Answer by method and path; whatever was not announced is an error."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.requests: list[Request] = []
        self._answers: dict[str, deque[Response | Exception]] = defaultdict(deque)
        self._refusal: Response | None = None

    def on(
        self,
        route: str,
        answer: Any,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        times: int = 1,
    ) -> None:
        """Announce an answer to ``METHOD /path``: JSON, bytes or an error.

        A success that is no JSON is given twice: a read is made once more for it.
        """
        if not isinstance(answer, Exception):
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            answer = Response(status=status, body=body, headers=Headers(headers or {}))
            is_odd = answer.is_success and not _is_json(body)
            times *= 2 if is_odd and _may_be_repeated(route) else 1
        self._answers[route].extend([answer] * times)

    def refuse_all(self, *, status: int) -> None:
        """Answer whatever is asked with one status."""
        self._refusal = Response(status=status, body=b"{}")

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Give the next answer announced for the request's method and path."""
        self.requests.append(request)
        kind = str(request.headers.get("Content-Type", ""))
        check(self.slug, request.method, request.url, request.body or b"", kind)
        if self._refusal is not None:
            return self._refusal
        route = f"{request.method} {urlsplit(request.url).path}"
        if not self._answers[route]:
            raise UnexpectedRequestError(f"{request.method} {request.url}")
        answer = self._answers[route].popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def sent(self) -> list[str]:
        """Return the routes that were asked for, in order."""
        return [f"{r.method} {urlsplit(r.url).path}" for r in self.requests]

    @property
    def left(self) -> list[str]:
        """Return the routes that were announced and never asked for."""
        return [route for route, answers in self._answers.items() if answers]


def _may_be_repeated(route: str) -> bool:
    """Tell whether a route is a read; those of tokens have rules of their own."""
    return route.startswith(("GET ", "POST ")) and "/oauth/" not in route


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


class FreeLimiter:
    """Grant everything at once and remember which limits were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.blocked: dict[str, float] = {}

    def acquire(self, limits: Sequence[Limit]) -> float:
        """Note the keys."""
        self.asked.append(tuple(limit.key for limit in limits))
        return 0.0

    def block(self, key: str, seconds: float) -> None:
        """Note the bucket."""
        self.blocked[key] = seconds


def make_settings(spec: ProviderSpec) -> ProviderSettings:
    """Return the settings of an operator who only filled in a client."""
    values = {
        f"{spec.env_prefix}CLIENT_ID": "cid",
        f"{spec.env_prefix}CLIENT_SECRET": "client-secret",
    }
    return spec.from_environment(
        lambda name: values.get(name, ""),
        public_base_url="http://localhost:8000",
        sandbox_url="",
    )


@cache
def read_fixture(folder: Path, name: str) -> bytes:
    """Return the recorded answer of this name."""
    return (folder / f"{name}.json").read_bytes()


class Scenario:
    """Hold one connector, the clients it is given and its fixtures."""

    def __init__(
        self,
        slug: str,
        connector: BaseConnector,
        transport: PathTransport | None = None,
    ) -> None:
        self.slug = slug
        self.connector = connector
        self.folder = Path(inspect.getfile(type(connector))).parent / "fixtures"
        self.settings = make_settings(connector.spec)
        self.transport = transport or PathTransport(slug)
        self.limiter = FreeLimiter()
        self.script: dict[str, Any] = self.load("contract")
        self.api = ApiClient(
            base_url=self.settings.api_url,
            token=lambda: Secret("token-under-test"),
            transport=self.transport,
            limiter=self.limiter,
            limits=connector.limits(self.script["account_id"], self.settings),
            headers=connector.headers(self.settings),
            classify=connector.classify,
            error_forms=connector.spec.error_forms,
            told_limits=connector.told_limits,
            correlation_headers=connector.correlation_headers,
            sleep=lambda _seconds: None,
        )

    @cached_property
    def oauth(self) -> OAuthClient:
        """Return the client of the provider's token endpoints."""
        return OAuthClient(
            config=self.connector.spec.oauth_config(self.settings),
            transport=self.transport,
        )

    def grant(self, tokens: TokenSet) -> NewGrant:
        """Return a new grant that these tokens are of."""
        return NewGrant(
            tokens=tokens, api=self.api, oauth=self.oauth, settings=self.settings
        )

    def load(self, name: str) -> Any:
        """Return the parsed fixture of this name."""
        return json.loads(read_fixture(self.folder, name))

    def play(self, exchanges: Exchanges) -> None:
        """Announce the answers of one step of the script."""
        for route, names in exchanges.items():
            for name in names:
                self.transport.on(route, read_fixture(self.folder, name))

    def context(self, **changes: Any) -> CollectionContext:
        """Return the script's collection with whatever schema was read."""
        values: dict[str, Any] = {
            **self.script["collection"],
            "account_id": self.script["account_id"],
            "account": self.script["account"],
            "schema": {},
            "version": self.settings.version,
        }
        return CollectionContext(**{**values, **changes})

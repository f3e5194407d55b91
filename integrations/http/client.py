"""Call one provider's API politely: token, limits, deadlines, errors by type."""

import functools
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from integrations.http.errors import (
    ApiError,
    InvalidResponse,
    Network,
    NotJson,
    RateLimited,
    Server,
    Unauthorized,
)
from integrations.http.observability.redaction import one_line
from integrations.http.resilience.backoff import full_jitter
from integrations.http.resilience.clock import ClockSkew
from integrations.http.resilience.limits import Limit, Limiter
from integrations.http.responses.answers import Answers
from integrations.http.responses.body import parse_json
from integrations.http.responses.classify import default_classify
from integrations.http.responses.error_forms import (
    ErrorForm,
    intermediary_error,
    is_from_intermediary,
)
from integrations.http.secrets import Secret
from integrations.http.sending import urls
from integrations.http.sending.prefetch import Prefetch, Prefetches
from integrations.http.sending.transport import Request, Response, Timeouts, Transport

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 16 * 1024 * 1024
# A worker slot is not for sleeping: a longer wait goes up to the caller.
MAX_PAUSE: Final = 2.0


def never(token: Secret) -> bool:
    """Return False: there is no fresher token than this one."""
    return False


def unguarded() -> None:
    """Do nothing: every request may be sent."""


def unobserved(method: str, path: str, status: int | None) -> None:
    """Tell nobody of a call."""


def kept(limits: Sequence[Limit], headers: Mapping[str, str]) -> Sequence[Limit]:
    """Return the limits as they are: the answer's headers say nothing of them."""
    return limits


@dataclass(kw_only=True, eq=False)
class ApiClient:
    """Call the API below `base_url`, with a token asked for on every attempt.

    `on_unauthorized` is given the token that a 401 refused, once a call; True means
    that `token` now gives a fresher one and the call is tried again. `limits` are
    those of a call that names none. After a 429 their buckets are blocked for everybody
    for its Retry-After, or `default_retry_after` seconds. `correlation_headers` are
    the response headers that may name a request to the provider's support.
    `error_forms` are those of the provider's error bodies: a refusal of another form
    came from an intermediary. `told_limits` returns what an answer's headers make of
    `limits`. `answers` keeps those of `once.get_once`, which otherwise asks every
    time. `observe` is told of each request that was sent, maybe in a thread: method,
    path, and the status, None where no answer came.

    `before_send` is called right before each request that was not prefetched, when the
    waits for token and limits are over; it raises where the request must not be sent.

    `may_prefetch` lets `prefetch` send in a thread, which `transport` and
    `limiter` must then stand. Without `may_repeat` what failed in passing is raised at
    once.

    `calls` counts the requests sent and `waited` the seconds spent waiting; `skew`
    measures our clock by the answers' dates; `correlation_id` names the last answer.
    `oldest_asked_at` is when the oldest of the answers used was prefetched, since
    somebody set it to None.
    """

    base_url: str
    token: Callable[[], Secret] = field(repr=False)
    transport: Transport
    limiter: Limiter
    on_unauthorized: Callable[[Secret], bool] = field(default=never, repr=False)
    limits: Sequence[Limit] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    classify: Callable[[Response], ApiError | None] = default_classify
    correlation_headers: Sequence[str] = ()
    error_forms: Sequence[ErrorForm] = ()
    told_limits: Callable[[Sequence[Limit], Mapping[str, str]], Sequence[Limit]] = kept
    default_retry_after: float = 10.0
    timeouts: Timeouts = field(default_factory=Timeouts)
    max_bytes: int = MAX_BYTES
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    rand: Callable[[], float] = field(default=random.random, repr=False)
    answers: Answers | None = field(default=None, repr=False)
    observe: Callable[[str, str, int | None], None] = unobserved
    before_send: Callable[[], None] = field(default=unguarded, repr=False)
    may_prefetch: bool = False
    may_repeat: bool = True
    calls: int = field(default=0, init=False)
    waited: float = field(default=0.0, init=False)
    correlation_id: str = field(default="", init=False)
    oldest_asked_at: datetime | None = field(default=None, init=False)
    skew: ClockSkew = field(default_factory=ClockSkew, init=False, repr=False)
    _ahead: Prefetches = field(default_factory=Prefetches, init=False, repr=False)
    _largest: int = field(default=0, init=False, repr=False)
    _counting: threading.Lock = field(
        default_factory=threading.Lock, init=False, repr=False
    )

    def __post_init__(self) -> None:
        urls.check_origin(self.base_url)

    def get(
        self,
        path: str,
        *,
        params: urls.Params | None = None,
        limits: Sequence[Limit] | None = None,
    ) -> Any:
        """Return the parsed JSON at `path`, which starts with a slash.

        Raises an ApiError; ValueError when `path` would leave `base_url` (quote
        remote ids with `urls.segment`). A list in `params` repeats its key.
        """
        return self._call("GET", path, params=params, limits=limits, is_read=True)

    def prefetch(
        self,
        path: str,
        *,
        params: urls.Params | None = None,
        limits: Sequence[Limit] | None = None,
        lane: str = "",
    ) -> bool:
        """Send in the background what a coming call will most likely `get`.

        Nothing is raised here: what goes wrong is told to that call. It is the very
        next one, or the answer is dropped; in a `lane`, which names what is read beside
        others, any call until the next one that may write. A lane has one answer at a
        time, and all together are to be no larger than one may be, by the largest so
        far. Returns whether it is under way, which it never is without `may_prefetch`.
        """
        url = urls.join(self.base_url, path, params)
        if self._ahead.has(lane, url):
            return True
        # Nothing is known of their size before the first of a listing has come.
        largest = self._largest or self.max_bytes
        has_space = self._ahead.count_with(lane) * largest <= self.max_bytes
        if not (self.may_prefetch and has_space and self._ahead.has_room(lane)):
            return False
        try:
            token = self.token()
        except ApiError:
            # The call itself will ask again, and say what is wrong.
            return False
        used = self.limits if limits is None else limits
        request = self._request("GET", url, None, token)
        ahead = Prefetch(
            url,
            token,
            acquire=functools.partial(self.limiter.acquire, used),
            send=functools.partial(self._send, request, path, used),
        )
        if is_begun := ahead.begin():
            self._ahead.put(lane, ahead)
        return is_begun

    def is_awaited(self, lane: str) -> bool:
        """Tell whether an answer of a lane is on its way and not there yet."""
        ahead = self._ahead.get(lane)
        return ahead is not None and not ahead.has_come

    def wait_for_one(self, lanes: Iterable[str]) -> None:
        """Wait until the answer of one of several lanes is there, if any has one."""
        awaited = [ahead for lane in lanes if (ahead := self._ahead.get(lane))]
        if not awaited:
            return
        asked_at = time.monotonic()
        Prefetch.wait_for_one(awaited)
        # What all of them waited for was this one's limit.
        self.waited += min(each.slept_since(asked_at) for each in awaited)

    def drop_prefetched(self) -> None:
        """Drop what was sent ahead; what still waits for a limit is never sent."""
        self._ahead.drop_all()

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        params: urls.Params | None = None,
        is_read: bool = False,
        limits: Sequence[Limit] | None = None,
    ) -> Any:
        """Send `json` and return the parsed answer, None for 204.

        `is_read` says that it changes nothing (a search, for one): it may be sent
        twice, and what was sent for ahead stays true.
        """
        return self._call(
            "POST", path, json=json, params=params, is_read=is_read, limits=limits
        )

    def patch(
        self,
        path: str,
        *,
        json: Any,
        params: urls.Params | None = None,
        idempotent: bool = False,
        limits: Sequence[Limit] | None = None,
    ) -> Any:
        """Change what is at `path` and return the parsed answer."""
        return self._call(
            "PATCH",
            path,
            json=json,
            params=params,
            idempotent=idempotent,
            limits=limits,
        )

    def delete(
        self,
        path: str,
        *,
        params: urls.Params | None = None,
        idempotent: bool = False,
        limits: Sequence[Limit] | None = None,
    ) -> Any:
        """Delete what is at `path`; mostly answers None."""
        return self._call(
            "DELETE", path, params=params, idempotent=idempotent, limits=limits
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        limits: Sequence[Limit] | None,
        params: urls.Params | None = None,
        json: Any = None,
        is_read: bool = False,
        idempotent: bool = False,
    ) -> Any:
        """Try once, and once more after a refreshed token or a passing failure."""
        url = urls.join(self.base_url, path, params)
        prepare = functools.partial(self._request, method, url, _dump(json))
        used = self.limits if limits is None else limits
        may_repeat = self.may_repeat and (is_read or idempotent)
        refreshed, repeated = False, not may_repeat
        prefetched = self._ahead.take(method, url, may_write=not is_read)
        send: Callable[[], Response]
        while True:
            if prefetched is None:
                # Asked first: refreshing it may take seconds, and a request that comes
                # late for its place in the window is one too many in a later one.
                token = self.token()
                self.waited += self.limiter.acquire(used)
                self.before_send()
                send = functools.partial(self._send, prepare(token), path, used)
            else:
                token = prefetched.token
                send = functools.partial(self._wait, prefetched)
                prefetched = None
            try:
                return self._attempt(send, method, path)
            except Unauthorized:
                if refreshed or not self.on_unauthorized(token):
                    raise
                refreshed = True
            except (Network, Server, NotJson) as exc:
                if repeated or (exc.retry_after or 0.0) > MAX_PAUSE:
                    raise
                repeated = True
                self._pause(exc.retry_after)

    def _request(
        self, method: str, url: str, body: bytes | None, token: Secret
    ) -> Request:
        headers: dict[str, str | Secret] = {"Accept": "application/json"}
        headers.update(self.headers)
        headers["Authorization"] = Secret(f"Bearer {token.reveal()}")
        if body is not None:
            headers["Content-Type"] = "application/json"
        return Request(method=method, url=url, headers=headers, body=body)

    def _send(self, request: Request, path: str, limits: Sequence[Limit]) -> Response:
        with self._counting:
            self.calls += 1
        try:
            response = self.transport.send(request, self.timeouts, self.max_bytes)
        except ApiError:
            self.observe(request.method, path, None)
            raise
        self.observe(request.method, path, response.status)
        received, elapsed = datetime.now(UTC), response.elapsed
        error = self._refusal(response)
        if isinstance(error, RateLimited):
            # At once: an answer that was sent for ahead may be looked at much later.
            for limit in (each for each in limits if each.blocks):
                self.limiter.block(limit.key, max(error.retry_after or 0.0, 1.0))
        with self._counting:
            self.skew.note(response.headers, received=received, elapsed=elapsed)
            self._largest = max(self._largest, len(response.body))
        return response

    def _wait(self, prefetched: Prefetch) -> Response:
        """Wait for what was sent ahead, and count what of that was our own limit."""
        asked_at = time.monotonic()
        sent_for = prefetched.asked_at
        self.oldest_asked_at = min(self.oldest_asked_at or sent_for, sent_for)
        response = prefetched.response()
        self.waited += prefetched.slept_since(asked_at)
        return response

    def _refusal(self, response: Response) -> ApiError | None:
        error = self.classify(response)
        if isinstance(error, RateLimited) and error.retry_after is None:
            error.retry_after = self.default_retry_after
        return error

    def _attempt(
        self,
        send: Callable[[], Response],
        method: str,
        path: str,
    ) -> Any:
        try:
            response = send()
        except ApiError as exc:
            logger.debug("call %s %s failed error=%s", method, path, exc)
            raise
        self.limits = self.told_limits(self.limits, response.headers)
        self.correlation_id = correlation = self._correlation_id(response)
        logger.debug(
            "call %s %s status=%d ms=%d correlation=%s",
            method,
            path,
            response.status,
            response.elapsed * 1000,
            correlation,
        )
        try:
            return self._result(response)
        except ApiError as exc:
            exc.status = response.status
            exc.correlation_id = exc.correlation_id or correlation
            raise

    def _result(self, response: Response) -> Any:
        error = self._refusal(response)
        if error is not None and is_from_intermediary(response, self.error_forms):
            raise intermediary_error(response, error)
        if error is not None:
            raise error
        if not response.is_success:
            raise InvalidResponse("the provider's answer was not understood")
        if response.status in {204, 205} or (
            response.status == 202 and not response.body
        ):
            return None
        try:
            return parse_json(response.body)
        except InvalidResponse as exc:
            raise NotJson(exc.message) from exc

    def _correlation_id(self, response: Response) -> str:
        for name in self.correlation_headers:
            value = response.headers.get(name)
            if value:
                return one_line(value, limit=100)
        return ""

    def _pause(self, seconds: float | None) -> None:
        if seconds is None:
            seconds = full_jitter(0, base=MAX_PAUSE / 2, rand=self.rand)
        self.sleep(seconds)
        self.waited += seconds


def _dump(body: Any) -> bytes | None:
    if body is None:
        return None
    # Plain ASCII with escapes: valid whatever a user has typed, surrogates included.
    return json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")

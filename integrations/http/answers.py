"""Cache of answers for the length of one run, where an account is asked only once."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from integrations.http import urls
from integrations.http.errors import (
    ApiError,
    Forbidden,
    InvalidRequest,
    NotFound,
    QuotaExhausted,
)
from integrations.http.limits import Limit

if TYPE_CHECKING:
    from integrations.http.client import ApiClient

MAX_BYTES: Final = 16 * 1024 * 1024

T = TypeVar("T")


class Answers:
    """Cache of JSON answers and definite refusals by address, bounded in size."""

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        """Keep at most `max_bytes` of answers; the oldest are dropped first."""
        self._max_bytes = max_bytes
        self._texts: dict[str, str] = {}
        self._refusals: dict[str, ApiError] = {}

    def get(self, url: str) -> str | None:
        """Return the JSON text of an answer; raise a refusal that was kept."""
        if url in self._refusals:
            raise self._refusals[url]
        return self._texts.get(url)

    def put(self, url: str, text: str) -> None:
        """Keep the JSON text of an answer."""
        self._texts[url] = text
        while sum(map(len, self._texts.values())) > self._max_bytes:
            del self._texts[next(iter(self._texts))]

    def put_refusal(self, url: str, exc: ApiError) -> None:
        """Keep a refusal that would only be repeated."""
        self._refusals[url] = exc


def _always(_value: object) -> bool:
    return True


def get_once(
    api: "ApiClient",
    path: str,
    read: Callable[[Any], T],
    *,
    params: urls.Params | None = None,
    limits: Sequence[Limit] | None = None,
    is_whole: Callable[[T], bool] = _always,
) -> T:
    """Return what `read` makes of the JSON at `path`, asking once a run.

    For what is the same for all collections of an account. An answer that `read`
    does not understand or that is not `is_whole` is not kept; a definite refusal is.
    """
    answers = Answers() if api.answers is None else api.answers
    url = urls.join(api.base_url, path, params)
    kept = answers.get(url)
    if kept is not None:
        return read(json.loads(kept))
    try:
        answer = api.get(path, params=params, limits=limits)
    except QuotaExhausted:
        raise
    except (Forbidden, NotFound, InvalidRequest) as exc:
        answers.put_refusal(url, exc)
        raise
    value = read(answer)
    if is_whole(value):
        answers.put(url, json.dumps(answer, separators=(",", ":")))
    return value

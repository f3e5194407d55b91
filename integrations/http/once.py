"""Ask once a run for what is the same for all collections of an account."""

import json as json_text
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    Forbidden,
    InvalidRequest,
    NotFound,
    QuotaExhausted,
)
from integrations.http.resilience.limits import Limit
from integrations.http.responses.answers import Answers
from integrations.http.sending import urls

T = TypeVar("T")


def _always(_value: object) -> bool:
    return True


def get_once(
    api: ApiClient,
    path: str,
    read: Callable[[Any], T],
    *,
    params: urls.Params | None = None,
    limits: Sequence[Limit] | None = None,
    is_whole: Callable[[T], bool] = _always,
) -> T:
    """Return what `read` makes of the JSON at `path`, asking once a run.

    An answer that `read` does not understand or that is not `is_whole` is not kept; a
    definite refusal is.
    """
    answers = Answers() if api.answers is None else api.answers
    url = urls.join(api.base_url, path, params)
    kept = answers.get(url)
    if kept is not None:
        return read(json_text.loads(kept))
    try:
        answer = api.get(path, params=params, limits=limits)
    except QuotaExhausted:
        raise
    except (Forbidden, NotFound, InvalidRequest) as exc:
        answers.put_refusal(url, exc)
        raise
    value = read(answer)
    if is_whole(value):
        answers.put(url, _dump(answer))
    return value


def prefetch_once(
    api: ApiClient, path: str, *, limits: Sequence[Limit] | None, lane: str
) -> bool:
    """Send for what `get_once` returns later, unless its answer or refusal is kept.

    Return False where it has to be asked for later, as there was no room.
    """
    try:
        if api.answers and api.answers.get(urls.join(api.base_url, path)):
            return True
    except ApiError:
        return True
    return api.prefetch(path, limits=limits, lane=lane)


def post_once(
    api: ApiClient,
    path: str,
    check: Callable[[Any], object],
    *,
    json: Mapping[str, Any],
    fresh_for: float,
) -> Any:
    """Return the answer to a question, asked once a run within some seconds.

    The question is one that may be asked twice, such as a search. A refusal is not
    kept, nor an answer for which `check` raises.
    """
    answers = Answers() if api.answers is None else api.answers
    key = _key_of(api, path, json)
    kept = answers.get(key)
    if kept is not None:
        asked, answer = json_text.loads(kept)
        # An answer from the future is one of another clock.
        if 0 <= time.time() - asked < fresh_for:
            return answer
    asked = time.time()
    answer = api.post(path, json=json, is_read=True)
    check(answer)
    answers.put(key, _dump([asked, answer]))
    return answer


def forget_post(api: ApiClient, path: str, *, json: Mapping[str, Any]) -> None:
    """Ask a question of this run again when it comes up the next time."""
    if api.answers is not None:
        api.answers.drop(_key_of(api, path, json))


def _key_of(api: ApiClient, path: str, json: Mapping[str, Any]) -> str:
    return f"{urls.join(api.base_url, path)} {_dump(json)}"


def _dump(value: object) -> str:
    return json_text.dumps(value, separators=(",", ":"))

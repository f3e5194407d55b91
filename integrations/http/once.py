"""Ask once a run for what is the same for all collections of an account."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from integrations.http.client import ApiClient
from integrations.http.errors import (
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

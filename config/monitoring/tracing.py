"""Request ids: one for each page, which its tasks carry on."""

from collections.abc import Callable
from typing import Any

from celery import signals
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from integrations.http.observability import trace

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def request_ids(get_response: GetResponse) -> GetResponse:
    """Give each request an id, which is logged, and told in a header of the answer.

    What a client sends is not taken: it could pass its lines off as another's.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        own = trace.new_id()
        with trace.traced(trace.request_id, own):
            response = get_response(request)
        response.headers[trace.HEADER] = own
        return response

    return middleware


def listen() -> None:
    """Carry the id along with each task that is published, and take it up."""
    signals.before_task_publish.connect(_send_along)
    signals.task_prerun.connect(_take_up)
    signals.task_postrun.connect(_put_down)


def _send_along(headers: dict[str, Any] | None = None, **_kwargs: Any) -> None:
    known = trace.request_id.get()
    if headers is not None and known:
        headers[trace.MESSAGE_HEADER] = known


def _take_up(task: Any, **_kwargs: Any) -> None:
    # A worker puts a message's headers beside the rest; a task that is called does not.
    headers = task.request.headers or {}
    sent = task.request.get(trace.MESSAGE_HEADER) or headers.get(trace.MESSAGE_HEADER)
    # A tick of the schedule begins anew.
    trace.request_id.set(sent if isinstance(sent, str) else trace.new_id())


def _put_down(**_kwargs: Any) -> None:
    trace.request_id.set("")

"""List the ways any provider can misbehave."""

import errno
import json
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sandbox.core.provider import Params
from sandbox.core.serving.web import Request, Response, to_json
from sandbox.core.state import After, FaultKind, Sandbox

PAGE = b"<!doctype html><title>Please wait</title><p>We will be right back.</p>"
# Linger on, zero seconds: closing the socket then resets the connection.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
Pour = Callable[[Sandbox, bytes, Params], Iterator[bytes]]


def _reset(sandbox: Sandbox, request: Request, *_: object) -> Response:
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        connection.close()
    raise ConnectionResetError(errno.ECONNRESET, "reset by a sandbox fault")


def _wait(sandbox: Sandbox, request: Request, params: Params) -> None:
    sandbox.sleep(float(params["ms"]) / 1000)


def _status(sandbox: Sandbox, request: Request, params: Params) -> Response:
    wait = params.get("retry_after")
    provider = sandbox.providers[request.provider]
    after = None if wait in (None, "") else float(str(wait))
    return provider.refuse(sandbox, request, int(params["status"]), after)


def _late_status(
    sandbox: Sandbox, request: Request, response: Response, params: Params
) -> Response:
    """Answer a status although it was done; a refusal stays what it is."""
    return response if response.status >= 400 else _status(sandbox, request, params)


def _intermediary(sandbox: Sandbox, request: Request, params: Params) -> Response:
    """Answer in the provider's place, as proxies, gateways and sign-in pages do."""
    kind, body = BODIES[str(params["form"])]
    return Response(status=int(params["status"]), body=body, content_type=kind)


def _oversized(sandbox: Sandbox, request: Request, params: Params) -> Response:
    def pour() -> Iterator[bytes]:
        yield b'{"results":[],"padding":"'
        for _ in range(int(params["megabytes"])):
            yield b"x" * 1024 * 1024
        yield b'"}'

    return Response(stream=pour())


def _change_body(change: Callable[[bytes], bytes]) -> After:
    return lambda _, __, response, ___: replace(response, body=change(response.body))


def _send(pour: Pour) -> After:
    """Send the body in parts, after its full length."""

    def apply(
        sandbox: Sandbox, request: Request, response: Response, params: Params
    ) -> Response:
        response.headers.append(("Content-Length", str(len(response.body))))
        response.stream = pour(sandbox, response.body, params)
        return response

    return apply


def _cut(sandbox: Sandbox, body: bytes, params: Params) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise ConnectionResetError(errno.ECONNRESET, "cut by a sandbox fault")


def _drip(sandbox: Sandbox, body: bytes, params: Params) -> Iterator[bytes]:
    seconds = float(params["seconds"])
    steps = max(1, min(len(body), int(seconds * 4)))
    size = -(-len(body) // steps)
    for start in range(0, len(body), size):
        sandbox.sleep(seconds / steps)
        yield body[start : start + size]


def bend(change: Callable[[dict[str, Any], Params], object]) -> After:
    """Change an answer that was really given: tokens in it are spent."""

    def apply(
        sandbox: Sandbox, request: Request, response: Response, params: Params
    ) -> Response:
        if response.status == 200:
            data = response.data
            change(data, params)
            response.body = json.dumps(data).encode()
        return response

    return apply


HALVE = _change_body(lambda body: body[: len(body) // 2])
WRAP = _change_body(lambda body: b"[" + body + b"]")
STATUS = {"status": 500, "retry_after": ""}
FRONT, WELCOME = {"status": 403, "form": "html"}, {"status": 200, "form": "html"}
BODIES = {
    "html": ("text/html;charset=utf-8", PAGE),
    "empty": ("text/plain", b""),
    "text": ("text/plain", b"Access denied by policy."),
    "json": ("application/json", b'{"message":"Forbidden","requestId":"1-5f"}'),
}
OVERSIZED, SLOW = {"megabytes": 64}, {"seconds": 30}

KINDS = (
    FaultKind("latency", "Wait first", before=_wait, params={"ms": 2000}),
    FaultKind("status", "Answer a status", before=_status, params=STATUS),
    FaultKind("html", "HTML with 200", before=_intermediary, params=WELCOME),
    FaultKind(
        "intermediary",
        "Something in front of it answers",
        before=_intermediary,
        params=FRONT,
    ),
    FaultKind("empty", "Empty JSON object with 200", before=lambda *_: to_json({})),
    FaultKind("reset", "Reset before doing anything", before=_reset),
    FaultKind("oversized", "Endless body", before=_oversized, params=OVERSIZED),
    FaultKind("lost", "Do it, then lose the answer", after=_reset),
    FaultKind(
        "late_status", "Do it, then answer a status", after=_late_status, params=STATUS
    ),
    FaultKind("truncated", "Half the JSON, cleanly ended", after=HALVE),
    FaultKind("cut", "Break off in the middle of the body", after=_send(_cut)),
    FaultKind("wrong_shape", "A list instead of an object", after=WRAP),
    FaultKind("slow", "Drip the body", after=_send(_drip), params=SLOW),
)

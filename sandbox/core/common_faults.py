"""List the ways any provider can misbehave."""

import errno
import json
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.core.provider import Params
from sandbox.core.state import After, FaultKind, Sandbox
from sandbox.core.web import Request, Response, to_json

PAGE = b"<!doctype html><title>Please wait</title><p>We will be right back.</p>"
# Linger on, zero seconds: closing the socket then resets the connection.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def reset_connection(request: Request) -> ConnectionResetError:
    """Reset the connection, and return the error that ends the request."""
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        connection.close()
    return ConnectionResetError(errno.ECONNRESET, "reset by a sandbox fault")


def _wait(sandbox: Sandbox, request: Request, params: Params) -> None:
    sandbox.sleep(float(params["ms"]) / 1000)


def _status(sandbox: Sandbox, request: Request, params: Params) -> Response:
    wait = params.get("retry_after")
    provider = sandbox.providers[request.provider]
    after = None if wait in (None, "") else float(str(wait))
    return provider.refuse(sandbox, request, int(params["status"]), after)


def _html(sandbox: Sandbox, request: Request, params: Params) -> Response:
    return Response(body=PAGE, content_type="text/html;charset=utf-8")


def _empty(sandbox: Sandbox, request: Request, params: Params) -> Response:
    return to_json({})


def _reset(sandbox: Sandbox, request: Request, params: Params) -> Response:
    raise reset_connection(request)


def _oversized(sandbox: Sandbox, request: Request, params: Params) -> Response:
    megabytes = int(params["megabytes"])

    def pour() -> Iterator[bytes]:
        yield b'{"results":[],"padding":"'
        for _ in range(megabytes):
            yield b"x" * 1024 * 1024
        yield b'"}'

    return Response(stream=pour())


def _lose(
    sandbox: Sandbox, request: Request, response: Response, params: Params
) -> Response:
    raise reset_connection(request)


def _truncate(
    sandbox: Sandbox, request: Request, response: Response, params: Params
) -> Response:
    response.body = response.body[: len(response.body) // 2]
    return response


def _cut(
    sandbox: Sandbox, request: Request, response: Response, params: Params
) -> Response:
    body = response.body
    response.headers.append(("Content-Length", str(len(body))))

    def pour() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        raise ConnectionResetError(errno.ECONNRESET, "cut by a sandbox fault")

    response.stream = pour()
    return response


def _wrap(
    sandbox: Sandbox, request: Request, response: Response, params: Params
) -> Response:
    response.body = b"[" + response.body + b"]"
    return response


def _drip(
    sandbox: Sandbox, request: Request, response: Response, params: Params
) -> Response:
    body, seconds = response.body, float(params["seconds"])
    steps = max(1, min(len(body), int(seconds * 4)))
    size = -(-len(body) // steps)
    response.headers.append(("Content-Length", str(len(body))))
    response.stream = _pour_slowly(body, size, seconds / steps, sandbox.sleep)
    return response


def _pour_slowly(
    body: bytes, size: int, pause: float, sleep: Callable[[float], None]
) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        sleep(pause)
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


STATUS = {"status": 500, "retry_after": ""}
OVERSIZED, SLOW = {"megabytes": 64}, {"seconds": 30}

KINDS = (
    FaultKind("latency", "Wait first", before=_wait, params={"ms": 2000}),
    FaultKind("status", "Answer a status", before=_status, params=STATUS),
    FaultKind("html", "HTML with 200", before=_html),
    FaultKind("empty", "Empty JSON object with 200", before=_empty),
    FaultKind("reset", "Reset before doing anything", before=_reset),
    FaultKind("oversized", "Endless body", before=_oversized, params=OVERSIZED),
    FaultKind("lost", "Do it, then lose the answer", after=_lose),
    FaultKind("truncated", "Half the JSON, cleanly ended", after=_truncate),
    FaultKind("cut", "Break off in the middle of the body", after=_cut),
    FaultKind("wrong_shape", "A list instead of an object", after=_wrap),
    FaultKind("slow", "Drip the body", after=_drip, params=SLOW),
)

"""Check what is sent and answered against how the providers' endpoints are described.

Each provider's own table of endpoints is always asked. Where ``API_DESCRIPTIONS`` names
a directory, an OpenAPI validator is asked as well; what it may say is listed, with the
reason, in ``docs/api-descriptions.md``.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox.core.serving.endpoints import Endpoints, Problem
from sandbox.core.serving.record import skeleton_of
from sandbox.core.serving.web import BadBodyError, Request
from sandbox.core.state import find_route
from sandbox.providers import PROVIDERS
from tests.support.provider_answers import tally
from tests.support.provider_answers.descriptions import (
    DIRECTORY,
    find_operation,
    list_operations,
)

BY_SLUG = {provider.slug: provider for provider in PROVIDERS}
DOCS = Path(__file__).parents[3] / "docs" / "api-descriptions.md"
EXPLAINED = re.compile(r"^\| `([^`]+)` \| (.+) \|$", re.MULTILINE)


# Many tests ask a sandbox of the same data the same.
_FINE: set[int] = set()


class UndescribedError(Exception):
    """A call or an answer that is not as its endpoint is described."""


def make_environ(
    method: str, url: str, body: bytes, headers: Mapping[str, str], kind: str
) -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    path, _, query = url.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(path).encode().decode("latin-1"),
        "QUERY_STRING": query,
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "localhost:8100",
    }
    named = {f"HTTP_{n.upper().replace('-', '_')}": v for n, v in headers.items()}
    return {**environ, **named}


def check(
    slug: str,
    method: str,
    url: str,
    body: bytes = b"",
    kind: str = "application/json",
    *,
    answer: tuple[int, bytes] | None = None,
    may_be_odd: bool = False,
) -> None:
    """Raise UndescribedError for a call, or its answer, that is not as described.

    A call that a test makes to be refused ``may_be_odd``; its answer may not.
    """
    called = hash((slug, method, url, body, kind, answer, may_be_odd))
    if called in _FINE:
        return
    found = find_problems(
        slug, method, url, body, kind, answer=answer, may_be_odd=may_be_odd
    )
    problems = [*found]
    if problems:
        raise UndescribedError(f"{slug} {method} {url[:200]}: {'; '.join(problems)}")
    _FINE.add(called)


def find_problems(
    slug: str,
    method: str,
    url: str,
    body: bytes,
    kind: str,
    *,
    answer: tuple[int, bytes] | None,
    may_be_odd: bool = False,
) -> Iterator[str]:
    """Yield what is not as described, by our own table and then by the official one."""
    parts = urlsplit(url)
    address = f"{parts.path}?{parts.query}" if parts.query else parts.path
    request = Request(make_environ(method, address, body, {}, kind))
    provider = BY_SLUG.get(slug)
    route = find_route(provider.routes, request) if provider else None
    if provider is None or route is None:
        return
    if route.name not in provider.endpoints.calls:
        return
    try:
        problem = None if may_be_odd else provider.endpoints.check_call(request)
    except BadBodyError:
        yield "the body is no JSON"
        return
    if problem is None and answer is not None:
        status, content = answer
        try:
            data = json.loads(content) if content else None
        except ValueError:
            found = f"{slug} {route.name} answer: the status {status} has no JSON"
            yield from () if is_explained(found) else (found,)
            return
        problem = check_answer(provider.endpoints, route.name, status, data)
    if problem is not None:
        yield f"{problem.where} {problem.why}"
    elif DIRECTORY:
        sent = None if may_be_odd else request
        where = (f"{slug} {route.name}", request.path)
        yield from _ask_validator(*where, sent, answer)


def check_answer(table: Endpoints, name: str, status: int, data: Any) -> Problem | None:
    """Return what an endpoint does not answer; ``data`` is None for no body."""
    call = table.calls[name]
    if status >= 400:
        return table.find(data, call.get("error", table.error), "answer")
    if str(status) not in call["answer"]:
        return Problem("answer", f"should not have the status {status}")
    return table.find(data, call["answer"][str(status)] or "null", "answer")


def check_record(text: str) -> None:
    """Check what a sandbox has recorded; a last line may be broken off."""
    for line in text.splitlines():
        with suppress(json.JSONDecodeError):
            call = json.loads(line)
            answer = call["answer"]
            told = None if answer is None else (call["status"], answer.encode())
            where = call["slug"], call["method"], call["url"].rstrip("?")
            check(*where, call["body"].encode(), call["kind"], answer=told)


_ASKED: set[Any] = set()


def _ask_validator(
    name: str, path: str, request: Request | None, answer: tuple[int, bytes] | None
) -> Iterator[str]:
    """Yield what the official description says of calls unlike all earlier ones."""
    slug, method, _ = name.split(" ")
    if not list_operations(slug):
        return
    operation = find_operation(slug, method, path)
    if operation is None:
        tally.add("undescribed", name)
        found = ["the endpoint is not described"]
        yield from (one for one in found if not is_explained(f"{name} {one}"))
        return
    tally.add("calls", name, int(request is not None))
    tally.add("answers", name, int(answer is not None))
    status, content = answer or (0, b"")
    key = (name, *_form_of(request), status, skeleton_of(content.decode()))
    if key in _ASKED:
        return
    tally.add("forms", name)
    problems: list[str] = []
    if request is not None:
        problems += operation.check_query(request.query_string)
        problems += operation.check_body(request.content_type, request.body)
    if answer is not None:
        problems += operation.check_answer(status, content)
    left = [one for one in problems if not is_explained(f"{name} {one}")]
    for one in left:
        tally.add("disagreements", f"{name} {one}")
    if not left:
        _ASKED.add(key)
    yield from dict.fromkeys(left)


def _form_of(request: Request | None) -> tuple[Any, ...]:
    if request is None:
        return ()
    names = tuple(sorted(name for name, _ in request.query_pairs))
    return names, request.content_type, skeleton_of(request.body.decode())


@cache
def list_explained() -> Sequence[str]:
    """Return the patterns of the disagreements that the docs explain."""
    return [found[0] for found in EXPLAINED.findall(DOCS.read_text(encoding="utf-8"))]


def is_explained(problem: str) -> bool:
    """Tell whether the docs say why our side differs."""
    if not any(fnmatchcase(problem, pattern) for pattern in list_explained()):
        return False
    tally.add("explained", problem)
    return True

"""Check what is sent and answered against how the providers' endpoints are described.

Each provider's own table of endpoints is always asked. Where ``API_DESCRIPTIONS`` names
a directory, an OpenAPI validator is asked as well; what it may say is listed, with the
reason, in ``docs/api-descriptions.md``.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from functools import cache
from hashlib import sha256
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
    Operation,
    find_directory,
    find_operation,
    list_operations,
)

BY_SLUG = {provider.slug: provider for provider in PROVIDERS}
DOCS = Path(__file__).parents[3] / "docs" / "api-descriptions.md"
EXPLAINED = re.compile(r"^\| `([^`]+)` \| (.+) \|$", re.MULTILINE)


# Many tests ask a sandbox of the same data the same: what was fine, and its endpoint.
_FINE: dict[int, str] = {}
# Forms of calls that the official descriptions had nothing against.
_ASKED: set[Any] = set()


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


@contextmanager
def apart() -> Iterator[tally.Counts]:
    """Keep what a test gets wrong on purpose out of the report.

    Nothing is known inside of what was checked before, nor afterwards of what was
    checked inside.
    """
    known = _FINE.copy(), _ASKED.copy()
    _FINE.clear()
    _ASKED.clear()
    with tally.apart() as counts:
        try:
            yield counts
        finally:
            _FINE.clear()
            _ASKED.clear()
            _FINE.update(known[0])
            _ASKED.update(known[1])


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
    if called not in _FINE:
        _FINE[called] = _check_anew(
            slug, method, url, body, kind, answer=answer, may_be_odd=may_be_odd
        )
    if name := _FINE[called]:
        tally.add("calls", name, int(not may_be_odd))
        tally.add("answers", name, int(answer is not None))


def _check_anew(
    slug: str,
    method: str,
    url: str,
    body: bytes,
    kind: str,
    *,
    answer: tuple[int, bytes] | None,
    may_be_odd: bool,
) -> str:
    """Return the endpoint of a call that is as described, "" for what is no API's."""
    parts = urlsplit(url)
    # A quoted slash is a part of an id, and ends none.
    path = parts.path.replace("%2F", "%7C")
    address = f"{path}?{parts.query}" if parts.query else path
    request = Request(make_environ(method, address, body, {}, kind))
    provider = BY_SLUG.get(slug)
    # A test's own provider has no table.
    if provider is None or not provider.endpoints.calls:
        return ""
    route = find_route(provider.routes, request)
    if route is None and may_be_odd:
        return ""
    if route is not None and route.name not in provider.endpoints.calls:
        return ""
    name = f"{slug} {route.name if route else f'{method} {parts.path}'}"
    if route is None:
        found = f"{name} the endpoint is not described"
        problems = [] if is_explained(found) else ["the endpoint is not described"]
    else:
        sent = None if may_be_odd else request
        problems = [*_find_problems(provider.endpoints, name, request, sent, answer)]
    for one in problems:
        tally.add("disagreements", f"{name} {one}")
    if problems:
        raise UndescribedError(f"{slug} {method} {url[:200]}: {'; '.join(problems)}")
    return name


def _find_problems(
    table: Endpoints,
    name: str,
    request: Request,
    sent: Request | None,
    answer: tuple[int, bytes] | None,
) -> Iterator[str]:
    """Yield what is not as described, by our own table and then by the official one."""
    route = name.partition(" ")[2]
    try:
        problem = table.check_call(sent) if sent else None
    except BadBodyError:
        yield "the body is no JSON"
        return
    if problem is None and answer is not None:
        status, content = answer
        try:
            data = json.loads(content) if content else None
        except ValueError:
            found = f"answer: the status {status} has no JSON"
            yield from () if is_explained(f"{name} {found}") else (found,)
            return
        problem = check_answer(table, route, status, data)
    if problem is not None:
        yield f"{problem.where} {problem.why}"
    elif find_directory():
        yield from _ask_validator(name, request.path, sent, answer)


def check_answer(table: Endpoints, name: str, status: int, data: Any) -> Problem | None:
    """Return what an endpoint does not answer; ``data`` is None for no body."""
    call = table.calls[name]
    if status >= 400:
        return table.find(data, call.get("error", table.error), "answer")
    if str(status) not in call["answer"]:
        return Problem("answer", f"should not have the status {status}")
    return table.find(data, call["answer"][str(status)] or "null", "answer")


def check_record(path: Path) -> None:
    """Check all that a sandbox has recorded; where it was killed a line is broken."""
    told: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        with suppress(json.JSONDecodeError):
            call = json.loads(line)
            answer = call["answer"]
            given = None if answer is None else (call["status"], answer.encode())
            where = call["slug"], call["method"], call["url"].rstrip("?")
            try:
                check(*where, call["body"].encode(), call["kind"], answer=given)
            except UndescribedError as exc:
                told.append(str(exc))
    if told:
        raise UndescribedError("\n".join(dict.fromkeys(told)))


def _ask_validator(
    name: str, path: str, request: Request | None, answer: tuple[int, bytes] | None
) -> Iterator[str]:
    """Yield what the official description says of calls unlike all earlier ones."""
    slug, method, _ = name.split(" ")
    status, content = answer or (0, b"")
    key = (name, *_form_of(request), status, skeleton_of(content.decode()))
    if key in _ASKED:
        return
    tally.add("forms", f"{name} {sha256(repr(key).encode()).hexdigest()[:16]}")
    problems: list[str] = []
    if list_operations(slug):
        problems += _find_differences(
            find_operation(slug, method, path), request, answer
        )
    # Of lists, every element may have the same.
    different = dict.fromkeys(problems)
    left = [one for one in different if not is_explained(f"{name} {one}")]
    if not left:
        _ASKED.add(key)
    yield from left


def _find_differences(
    operation: Operation | None,
    request: Request | None,
    answer: tuple[int, bytes] | None,
) -> Iterator[str]:
    """Yield where a call and its answer are not as their operation is described."""
    if operation is None:
        yield "the endpoint is not described"
        return
    if request is not None:
        yield from operation.check_query(request.query_string)
        yield from operation.check_body(request.content_type, request.body)
    if answer is not None:
        yield from operation.check_answer(*answer)


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

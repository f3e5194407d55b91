"""Read what is asked of a listing, and answer with one page of it."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.web import BadBodyError, Request, Response, to_json
from sandbox.notion.api.errors import get_request_id, malformed, refuse

MAX_SIZE = 100
# What a value may be: a type, one word, a closed object, one of several, a list of one.
Shape = type | str | Mapping[str, Any] | tuple[Any, ...] | list[Any]
PAGED: dict[str, Shape] = {"page_size": int, "start_cursor": str}


@dataclass(frozen=True, kw_only=True)
class PageAsked:
    """Say which part of which listing is asked for, and answer with it."""

    request: Request
    digest: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size

    def answer(
        self, results: list[Any], kind: str, *, has_more: bool, **more: Any
    ) -> Response:
        # A cursor is opaque, and no UUID.
        text = f"{self.digest}:{self.end}"
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        found = {"object": "list", "results": results, "has_more": has_more}
        found |= {"next_cursor": cursor if has_more else None, "type": kind, kind: {}}
        return to_json({**found, **more, "request_id": get_request_id(self.request)})

    def cut(self, whole: list[Any], kind: str, **more: Any) -> Response:
        """Answer with this part of a list that is known in full."""
        part, has_more = whole[self.offset : self.end], self.end < len(whole)
        return self.answer(part, kind, has_more=has_more, **more)


def read_page_query(request: Request, listing: str) -> PageAsked:
    """Read what a GET says about paging; it may say nothing else."""
    fields: dict[str, Any] = dict(request.query)
    refuse_unknown("query", fields, PAGED)
    if fields.get("page_size", "").isdecimal():
        fields["page_size"] = int(fields["page_size"])
    return read_page(request, fields, listing)


def read_page(request: Request, fields: dict[str, Any], listing: str) -> PageAsked:
    size, offset = fields.get("page_size", MAX_SIZE), 0
    if type(size) is not int or not 1 <= size <= MAX_SIZE:
        where = "query" if request.method == "GET" else "body"
        raise malformed(f"{where}.page_size", f"should be 1 to {MAX_SIZE}")
    digest = hashlib.sha256(listing.encode()).hexdigest()[:24]
    if "start_cursor" in fields:
        offset = _read_cursor(fields["start_cursor"], digest)
    return PageAsked(request=request, digest=digest, offset=offset, size=size)


def _read_cursor(cursor: str, digest: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    found, _, offset = text.partition(":")
    if found != digest or not offset.isdecimal():
        raise refuse(400, f"The start_cursor provided is invalid: {cursor}")
    return int(offset)


def read_json(request: Request, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """Return the object a body holds; it may say nothing that is not described."""
    try:
        body = request.json() if request.content_type == "application/json" else None
    except BadBodyError:
        body = None
    if not isinstance(body, dict):
        raise refuse(400, "Error parsing JSON body.", "invalid_json")
    refuse_unknown("body", body, shapes)
    for name, value in body.items():
        if not _has_shape(value, shapes[name]):
            why = f"is not valid, instead was `{json.dumps(value)}`"
            raise malformed(f"body.{name}", why)
    return body


def _has_shape(value: Any, shape: Shape) -> bool:
    match shape:
        case type():
            return type(value) is shape
        case tuple():
            return any(_has_shape(value, one) for one in shape)
        case list():
            return isinstance(value, list) and all(
                _has_shape(one, shape[0]) for one in value
            )
        case str():
            return bool(value == shape)
    if not isinstance(value, dict) or value.keys() != shape.keys():
        return False
    return all(_has_shape(value[name], inner) for name, inner in shape.items())


def refuse_unknown(where: str, given: Iterable[str], known: Iterable[str]) -> None:
    if unknown := set(given) - set(known):
        why = "should be not present (the sandbox answers only what is documented)"
        raise malformed(f"{where}.{min(unknown)}", why)

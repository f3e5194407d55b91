"""Read what is asked of a listing, and answer with one page of it."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.web import BadBodyError, Request, Response, to_json
from sandbox.notion.api.errors import get_request_id, invalid, malformed, refuse

MAX_SIZE = 100


@dataclass(frozen=True, kw_only=True)
class Every:
    """Describe a list by what each of its elements may be."""

    of: "Shape"


# What a value may be: a type, one of some words, a closed object, one of several.
Shape = type | tuple[str, ...] | Mapping[str, Any] | list[Any] | Every
PAGED: dict[str, Shape] = {"page_size": int, "start_cursor": str}


@dataclass(frozen=True, kw_only=True)
class PageAsked:
    """Say which part of which listing is asked for, and answer with it."""

    request: Request
    listing: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Return the place after the last result."""
        return self.offset + self.size

    def answer(
        self, results: list[Any], kind: str, *, has_more: bool, **more: Any
    ) -> Response:
        """Answer with these results; the cursor is opaque, and no UUID."""
        text = f"{_digest(self.listing)}:{self.end}"
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return to_json(
            {
                "object": "list",
                "results": results,
                "next_cursor": cursor if has_more else None,
                "has_more": has_more,
                "type": kind,
                kind: {},
                **more,
                "request_id": get_request_id(self.request),
            }
        )

    def cut(self, whole: list[Any], kind: str, **more: Any) -> Response:
        """Answer with this part of a list that is known in full."""
        part, has_more = whole[self.offset : self.end], self.end < len(whole)
        return self.answer(part, kind, has_more=has_more, **more)


def _digest(listing: str) -> str:
    return hashlib.sha256(listing.encode()).hexdigest()[:24]


def read_page_query(request: Request, listing: str) -> PageAsked:
    """Read what a GET says about paging; it may say nothing else."""
    fields: dict[str, Any] = dict(request.query)
    refuse_unknown(request, "query", fields, PAGED)
    if fields.get("page_size", "").isdecimal():
        fields["page_size"] = int(fields["page_size"])
    return read_page(request, fields, listing, where="query")


def read_page(
    request: Request, fields: dict[str, Any], listing: str, *, where: str = "body"
) -> PageAsked:
    """Read what a body, or a query, says about paging."""
    size = fields.get("page_size", MAX_SIZE)
    if type(size) is not int or not 1 <= size <= MAX_SIZE:
        raise malformed(request, f"{where}.page_size", f"should be 1 to {MAX_SIZE}")
    offset = 0
    if "start_cursor" in fields:
        offset = _read_cursor(request, listing, fields["start_cursor"])
    return PageAsked(request=request, listing=listing, offset=offset, size=size)


def _read_cursor(request: Request, listing: str, cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    digest, _, offset = text.partition(":")
    if digest != _digest(listing) or not offset.isdecimal():
        raise invalid(request, f"The start_cursor provided is invalid: {cursor}")
    return int(offset)


def read_object(request: Request) -> dict[str, Any]:
    """Return the object a body holds, when it is JSON and says so."""
    kind = str(request.environ.get("CONTENT_TYPE", "")).split(";")[0].strip()
    try:
        body = request.json() if kind == "application/json" else None
    except BadBodyError:
        body = None
    if not isinstance(body, dict):
        raise refuse(request, 400, "invalid_json", "Error parsing JSON body.")
    return body


def read_json(request: Request, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """Return the object a body holds; it may say nothing that is not described."""
    body = read_object(request)
    refuse_unknown(request, "body", body, shapes)
    for name, value in body.items():
        if not _has_shape(value, shapes[name]):
            why = f"is not valid, instead was `{json.dumps(value)}`"
            raise malformed(request, f"body.{name}", why)
    return body


def _has_shape(value: Any, shape: Shape) -> bool:
    match shape:
        case type():
            return type(value) is shape
        case tuple():
            return value in shape
        case list():
            return any(_has_shape(value, one) for one in shape)
        case Every(of=inner):
            is_list = isinstance(value, list)
            return is_list and all(_has_shape(one, inner) for one in value)
    if not isinstance(value, dict) or value.keys() != shape.keys():
        return False
    return all(_has_shape(value[name], inner) for name, inner in shape.items())


def refuse_unknown(
    request: Request, where: str, given: Iterable[str], known: Iterable[str]
) -> None:
    """Refuse what is not documented."""
    if unknown := set(given) - set(known):
        why = "should be not present (the sandbox answers only what is documented)"
        raise malformed(request, f"{where}.{min(unknown)}", why)

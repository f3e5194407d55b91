"""Read page sizes and cursors, and answer with one page of a list."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sandbox.core.web import BadBodyError, Request, Response, to_json
from sandbox.notion.api.errors import get_request_id, invalid, refuse

MAX_SIZE = 100


@dataclass(frozen=True, kw_only=True)
class PageAsked:
    """Say which part of which listing is asked for."""

    listing: str
    offset: int
    size: int

    def make_cursor(self) -> str:
        """Return the cursor of the next page: opaque, and no UUID."""
        text = f"{_digest(self.listing)}:{self.offset + self.size}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _digest(listing: str) -> str:
    return hashlib.sha256(listing.encode()).hexdigest()[:24]


def read_page_query(request: Request, listing: str, *known: str) -> PageAsked:
    """Read what a GET says about paging; other fields must be known."""
    fields = dict(parse_qsl(request.query_string, keep_blank_values=True))
    allowed = {"page_size", "start_cursor", *known}
    if unknown := fields.keys() - allowed:
        raise _not_present(request, "query", unknown)
    size = fields.get("page_size")
    number = int(size) if size is not None and size.isdigit() else size
    return _read(request, "query", listing, number, fields.get("start_cursor"))


def read_page_body(request: Request, body: dict[str, Any], listing: str) -> PageAsked:
    """Read what a POST says about paging."""
    if "start_cursor" in body and not isinstance(body["start_cursor"], str):
        message = (
            "body failed validation: body.start_cursor should be a string or "
            f"`undefined`, instead was `{json.dumps(body['start_cursor'])}`."
        )
        raise invalid(request, message)
    if "page_size" in body and body["page_size"] is None:
        raise _bad_size(request, "body")
    size, cursor = body.get("page_size"), body.get("start_cursor")
    return _read(request, "body", listing, size, cursor)


def _read(
    request: Request, where: str, listing: str, size: Any, cursor: str | None
) -> PageAsked:
    size = MAX_SIZE if size is None else size
    if type(size) is not int or not 1 <= size <= MAX_SIZE:
        raise _bad_size(request, where)
    offset = 0 if cursor is None else _read_cursor(request, listing, cursor)
    return PageAsked(listing=listing, offset=offset, size=size)


def _bad_size(request: Request, where: str) -> Exception:
    message = f"{where} failed validation: {where}.page_size should be 1 to {MAX_SIZE}."
    return invalid(request, message)


def _read_cursor(request: Request, listing: str, cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        text = ""
    digest, _, offset = text.partition(":")
    if digest != _digest(listing) or not offset.isdigit():
        message = f"The start_cursor provided is invalid: {cursor}"
        raise invalid(request, message)
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


def read_json(request: Request, *known: str) -> dict[str, Any]:
    """Return the object a body holds; it may say nothing that is not known."""
    body = read_object(request)
    if unknown := body.keys() - set(known):
        raise _not_present(request, "body", unknown)
    return body


def _not_present(request: Request, where: str, names: set[str]) -> Exception:
    name = min(names)
    message = (
        f"{where} failed validation: {where}.{name} should be not present "
        "(the sandbox answers only what is documented)."
    )
    return invalid(request, message)


def to_list(
    request: Request,
    results: list[dict[str, Any]],
    *,
    page: PageAsked,
    has_more: bool,
    kind: str,
    **more: Any,
) -> Response:
    """Answer with one page of a list."""
    return to_json(
        {
            "object": "list",
            "results": results,
            "next_cursor": page.make_cursor() if has_more else None,
            "has_more": has_more,
            "type": kind,
            kind: {},
            **more,
            "request_id": get_request_id(request),
        }
    )

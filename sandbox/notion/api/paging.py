"""Read what is asked of a listing, and answer with one page of it."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.serving.web import Request, Response, to_json
from sandbox.notion.api.errors import get_request_id, malformed, refuse

MAX_SIZE = 100


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


def read_page(request: Request, fields: Mapping[str, Any], listing: str) -> PageAsked:
    """Read what a query or a body says about paging."""
    size, offset = int(fields.get("page_size", MAX_SIZE)), 0
    if not 1 <= size <= MAX_SIZE:
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

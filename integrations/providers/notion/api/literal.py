"""Tell headings from paragraphs that only begin with the sign of one.

Notion does not escape a number sign at the beginning of a paragraph, so that its
Markdown says of both the same; the blocks themselves say what they are.
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import Forbidden, InvalidRequest, NotFound
from integrations.providers.errors import ListingExpiredError
from integrations.providers.notion.api.paging import PAGE_SIZE, Listing, fetch_list
from integrations.providers.notion.mapping.titles import plain_text
from integrations.providers.rich_text import Block, BlockKind, Span

# Pages of blocks that are looked at; behind them a heading is taken for one.
MOST_PAGES: Final = 3
_HEADING: Final = re.compile(r"heading_([1-9])")
_LOOKS_LIKE: Final = re.compile(r"(#{1,4})\s+(.*)", re.DOTALL)


def settle_headings(api: ApiClient, page_id: str, blocks: list[Block]) -> list[Block]:
    """Return the blocks of a page with such paragraphs as what they are."""
    if not any(_is_suspect(block) for block in blocks):
        return blocks
    is_heading = _read_kinds(api, page_id)
    return [
        _to_paragraph(block)
        if _is_suspect(block) and not _next(is_heading, _key(block))
        else block
        for block in blocks
    ]


def _is_suspect(block: Block) -> bool:
    return block.kind is BlockKind.HEADING and not block.depth


def _key(block: Block) -> tuple[int, str]:
    return block.level, " ".join(block.text.split())


def _next(is_heading: Mapping[tuple[int, str], deque[bool]], key: Any) -> bool:
    told = is_heading.get(key)
    return told.popleft() if told else True


def _to_paragraph(block: Block) -> Block:
    mark = Span(text=f"{'#' * block.level} ")
    return replace(block, kind=BlockKind.PARAGRAPH, level=1, spans=(mark, *block.spans))


def _read_kinds(api: ApiClient, page_id: str) -> Mapping[tuple[int, str], deque[bool]]:
    """Return by level and words whether each block that looks so is a heading."""
    found: dict[tuple[int, str], deque[bool]] = defaultdict(deque)
    try:
        for row in _children(api, page_id):
            kind = str(row.get("type"))
            about = row.get(kind)
            parts = about.get("rich_text") if isinstance(about, dict) else None
            words = plain_text(parts)
            if heading := _HEADING.fullmatch(kind):
                found[int(heading[1]), " ".join(words.split())].append(True)
            elif kind == "paragraph" and (match := _LOOKS_LIKE.fullmatch(words)):
                found[len(match[1]), " ".join(match[2].split())].append(False)
    except (NotFound, Forbidden, InvalidRequest, ListingExpiredError):
        return {}
    return found


def _children(api: ApiClient, page_id: str) -> Iterator[dict[str, Any]]:
    start: str | None = None
    for _ in range(MOST_PAGES):
        listing = _fetch(api, page_id, start)
        yield from (row for row in listing.rows if isinstance(row, dict))
        start = listing.following
        if start is None:
            return


def _fetch(api: ApiClient, page_id: str, start: str | None) -> Listing:
    params = {"page_size": PAGE_SIZE, "start_cursor": start}
    path = f"/blocks/{page_id}/children"
    return fetch_list(lambda: api.get(path, params=params), start=start)

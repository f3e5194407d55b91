"""Tell headings from paragraphs that only begin with the sign of one.

Notion does not escape a number sign at the beginning of a paragraph, so that its
Markdown says of both the same; the blocks themselves say what they are.
"""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.http.errors import ApiError, is_refusal
from integrations.providers.errors import ListingExpiredError
from integrations.providers.notion.api.paging import PAGE_SIZE, Listing, fetch_list
from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.titles import plain_text
from integrations.providers.text.rich_text import Block, BlockKind, Span

# Calls for the blocks of a page; behind them a heading is taken for one.
MOST_CALLS: Final = 10
# What stands in these are the blocks of other pages.
_PAGES: Final = frozenset({"child_page", "child_database"})
_HEADING: Final = re.compile(r"heading_([1-9])")
_LOOKS_LIKE: Final = re.compile(r"(#{1,4})\s+(.*)", re.DOTALL)


def settle_headings(api: ApiClient, page_id: str, blocks: list[Block]) -> list[Block]:
    """Return the blocks of a page with such paragraphs as what they are."""
    suspects = [block for block in blocks if block.kind is BlockKind.HEADING]
    if not suspects:
        return blocks
    is_heading = _read_kinds(api, page_id, suspects)
    return [
        _to_paragraph(block)
        if block.kind is BlockKind.HEADING and not _next(is_heading, _key(block))
        else block
        for block in blocks
    ]


def _key(block: Block) -> tuple[int, str]:
    return block.level, " ".join(block.text.split())


def _next(is_heading: Mapping[tuple[int, str], deque[bool]], key: Any) -> bool:
    told = is_heading.get(key)
    return told.popleft() if told else True


def _to_paragraph(block: Block) -> Block:
    mark = Span(text=f"{'#' * block.level} ")
    return replace(block, kind=BlockKind.PARAGRAPH, level=1, spans=(mark, *block.spans))


def _read_kinds(
    api: ApiClient, page_id: str, suspects: list[Block]
) -> Mapping[tuple[int, str], deque[bool]]:
    """Return by level and words whether each block that looks so is a heading.

    Reading ends where every suspect is known.
    """
    found: dict[tuple[int, str], deque[bool]] = defaultdict(deque)
    wanted = Counter(map(_key, suspects))
    is_deep = any(block.depth for block in suspects)
    try:
        for row in _Reader(api).walk(page_id, is_deep=is_deep):
            if told := _kind_of(row):
                key, is_heading = told
                found[key].append(is_heading)
                wanted[key] -= 1
            if not any(left > 0 for left in wanted.values()):
                break
    except ApiError as exc:
        if not is_refusal(exc) and not isinstance(exc, ListingExpiredError):
            raise
        # What has been read so far is known.
        return found
    return found


def _kind_of(row: Mapping[str, Any]) -> tuple[tuple[int, str], bool] | None:
    """Return the key of a block that looks like a heading, and whether it is one."""
    kind = str(row.get("type"))
    about = row.get(kind)
    parts = about.get("rich_text") if isinstance(about, dict) else None
    words = plain_text(parts)
    if heading := _HEADING.fullmatch(kind):
        return (int(heading[1]), " ".join(words.split())), True
    if kind == "paragraph" and (match := _LOOKS_LIKE.fullmatch(words)):
        return (len(match[1]), " ".join(match[2].split())), False
    return None


class _Reader:
    """Blocks of a page in the order they are read, within a number of calls."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._calls = 0

    def walk(self, block_id: str, *, is_deep: bool) -> Iterator[dict[str, Any]]:
        """Yield the blocks inside of one, each before those inside of it."""
        start: str | None = None
        while self._calls < MOST_CALLS:
            self._calls += 1
            listing = _fetch(self._api, block_id, start)
            for row in listing.rows:
                if not isinstance(row, dict):
                    continue
                yield row
                if is_deep and (inside := _inside_of(row)):
                    yield from self.walk(inside, is_deep=True)
            start = listing.following
            if start is None:
                return


def _inside_of(row: Mapping[str, Any]) -> str | None:
    """Return the id of a block with others of the same page inside."""
    is_open = row.get("has_children") is True and row.get("type") not in _PAGES
    return find_id(row.get("id")) if is_open else None


def _fetch(api: ApiClient, block_id: str, start: str | None) -> Listing:
    params = {"page_size": PAGE_SIZE, "start_cursor": start}
    path = f"/blocks/{block_id}/children"
    return fetch_list(lambda: api.get(path, params=params), start=start)

"""Recognise what a page holds and no text can show: it leaves a placeholder.

https://developers.notion.com/guides/data-apis/enhanced-markdown
"""

import re
from typing import Final

from msgspec.structs import replace

from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.inline import to_spans
from integrations.providers.notion.mapping.items import to_url
from integrations.providers.text.rich_text import Block, placeholder, spans_text

# Blocks that have Markdown: unknown ones of these kinds are only too many for one
# answer, and can be asked for. All others have none, whoever asks.
READABLE: Final = frozenset(
    {"paragraph", "heading_1", "heading_2", "heading_3", "heading_4", "to_do"}
    | {"bulleted_list_item", "numbered_list_item", "quote", "callout", "toggle"}
    | {"code", "equation", "divider", "table", "table_row", "column_list", "column"}
    | {"synced_block", "image", "video", "audio", "file", "pdf", "tab", "tabs"}
    | {"meeting_notes", "transcription"}
)
# These may be pages themselves, which have a text of their own.
UNNAMED: Final = frozenset({"block", ""})
# Of those that have none, these hold no pages.
LEAVES: Final = frozenset(
    {"bookmark", "embed", "link_preview", "link_to_page", "unsupported", "breadcrumb"}
    | {"table_of_contents", "form", "button", "ai_block"}
)
UNTOLD: Final = "?"
SEE: Final = "see Notion"
LEFT_OUT: Final = f"more of this page, {SEE}"
_UNKNOWN: Final = re.compile(r"<unknown\b([^<>]*)/?>")
_NOTICE: Final = re.compile(r'<synced_block_reference\b[^<>]*\bnotice="([^"<>]+)"')
_URL: Final = re.compile(r'\burl="([^"<>]*)"')
_ALT: Final = re.compile(r'\balt="([\w -]{0,40})[^"<>]*"')
_BLOCK: Final = re.compile(r"#([0-9a-fA-F-]{32,36})\Z")
_MEDIA: Final = re.compile(
    r"<(?P<kind>audio|video|file|pdf|embed)\b[^<>]*?/?>(?P<words>[^<>]*)"
    r"|!\[(?P<caption>(?:[^\[\]\\]|\\.)*)\]\([^\s]*\)"
)


def to_unknown(line: str) -> Block | None:
    """Return what stands for a block that Notion does not write as Markdown.

    One that could be asked for has an id, or ``UNTOLD`` in place of it.
    """
    found = _UNKNOWN.match(line)
    if found is None:
        return None
    url, alt = _URL.search(found[1]), _ALT.search(found[1])
    kind = alt[1] if alt else ""
    address = url[1] if url else ""
    if kind.replace(" ", "_").lower() not in READABLE | UNNAMED:
        what = kind.replace("_", " ").strip()
        return placeholder(f"{what}, {SEE}", href=to_url(address) or "")
    block = _BLOCK.search(address)
    remote_id = find_id(block[1]) if block else None
    missing = placeholder(LEFT_OUT, href=to_url(address) or "")
    return replace(missing, id=remote_id or UNTOLD)


def may_hold_pages(line: str) -> bool:
    """Tell whether a block that is not told may be a page, or hold one unseen."""
    found = _UNKNOWN.match(line)
    kind = _kind(found[1]) if found else ""
    return kind not in READABLE | LEAVES


def _kind(attributes: str) -> str:
    alt = _ALT.search(attributes)
    return alt[1].replace(" ", "_").lower() if alt else ""


def to_media(line: str) -> Block | None:
    """Return what stands for a picture or file, whose address would soon expire.

    Or for a synced block that is not shared with whoever connected.
    """
    if notice := _NOTICE.match(line):
        return placeholder(f"{notice[1]}, {SEE}")
    found = _MEDIA.match(line)
    if found is None:
        return None
    kind = found["kind"] or "image"
    words = spans_text(to_spans(found["words"] or found["caption"] or ""))
    return placeholder(f"{kind}: {words}, {SEE}" if words else f"{kind}, {SEE}")

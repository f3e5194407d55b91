"""Turn Notion's rich text arrays into spans.

https://developers.notion.com/reference/rich-text
"""

from collections.abc import Mapping
from typing import Any, Final

from integrations.providers.text.rich_text import Span, Spans, Style, merge_spans

_STYLES: Final[Mapping[str, Style]] = {
    "bold": Style.BOLD,
    "italic": Style.ITALIC,
    "strikethrough": Style.STRIKE,
    "code": Style.CODE,
}
# Links inside of Notion come without a host.
HOST: Final = "https://www.notion.so"
MAX_URL: Final = 2000


def to_spans(parts: object, *, limit: int) -> tuple[Spans, bool]:
    """Return the spans of a rich text array, and whether it was too long for them."""
    spans: list[Span] = []
    left = limit
    for part in parts if isinstance(parts, list) else ():
        text = part.get("plain_text") if isinstance(part, dict) else None
        if not isinstance(text, str):
            continue
        spans.append(
            Span(text=text[:left], styles=_styles(part), href=to_href(part.get("href")))
        )
        left -= len(text)
        if left < 0:
            break
    return merge_spans(spans), left < 0


def _styles(part: Mapping[str, Any]) -> frozenset[Style]:
    """Return the styles of a part; an equation is shown like code."""
    told = part.get("annotations")
    marks = told if isinstance(told, dict) else {}
    styles = {style for name, style in _STYLES.items() if marks.get(name) is True}
    return frozenset(
        styles | ({Style.CODE} if part.get("type") == "equation" else set())
    )


def to_href(href: object) -> str:
    """Return the target of a link, with a host if it leads to Notion itself."""
    if not isinstance(href, str) or len(href) > MAX_URL:
        return ""
    is_inside = href.startswith("/") and not href.startswith("//")
    return f"{HOST}{href}" if is_inside else href

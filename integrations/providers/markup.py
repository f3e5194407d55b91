"""Read markup as plain text: HTML and Markdown without their marks, line by line.

Nothing of it is ever shown as HTML. What looks like markup and is none stays.
"""

import html
import re
from typing import Final

from integrations.providers.markdown import markdown_spans
from integrations.providers.rich_text import Block, paragraphs_of, spans_text

MAX_TEXT: Final = 256 * 1024

_HEADING: Final = re.compile(r"\A\s{0,3}#{1,6}\s+")
_QUOTE: Final = re.compile(r"\A\s{0,3}>\s?")
_TAG_NAME: Final = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]{0,30})(?![\w.@])")
_FENCE: Final = re.compile(r"\s*(?:`{3,}|~{3,})[\w+#. -]*\Z")

LINE_TAGS: Final = frozenset(
    {"address", "article", "blockquote", "br", "div", "dd", "dl", "dt", "footer"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre"}
    | {"section", "table", "tr", "ul"}
)
SILENT_TAGS: Final = frozenset({"script", "style", "head", "title", "template"})


def to_blocks(raw: str, markup: str) -> tuple[Block, ...]:
    """Return a text in HTML or Markdown as blocks."""
    return paragraphs_of(to_text(raw, markup))


def to_text(raw: str, markup: str) -> str:
    """Return the words of a text, on the lines that its markup puts them on."""
    text = raw[:MAX_TEXT]
    if markup == "html":
        return _html_text(text)
    return _markdown_text(text) if markup == "markdown" else text


def _html_text(text: str) -> str:
    # From tag to tag, in one go: there is nonsense that HTMLParser takes hours for.
    first, *parts = _without_comments(text).split("<")
    words, silent = [_flat(first)], ""
    for part in parts:
        tag, end, rest = part.partition(">")
        found = _TAG_NAME.match(tag) if end else None
        name = found[2].lower() if found else ""
        is_closing = found is not None and bool(found[1])
        if silent:
            is_over = is_closing and name == silent
            silent = "" if is_over else silent
            words.append(_flat(rest) if is_over else "")
        elif not name:
            words.append(_flat(f"<{part}"))
        else:
            silent = name if name in SILENT_TAGS and not is_closing else ""
            words += [_break(name, tag), "" if silent else _flat(rest)]
    lines = html.unescape("".join(words)).split("\n")
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))


def _without_comments(text: str) -> str:
    first, *parts = text.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in parts)


def _flat(text: str) -> str:
    """Return text whose line breaks are none, as they are in HTML."""
    return text.replace("\n", " ")


def _break(name: str, tag: str) -> str:
    if name in LINE_TAGS:
        return "\n" if name != "li" or tag.startswith("/") else "\n- "
    return " " if name in {"td", "th"} else ""


def _markdown_text(text: str) -> str:
    """Read Markdown: code stays as it is, other lines lose their marks."""
    lines, is_code = [], False
    for line in text.splitlines():
        if _FENCE.match(line):
            is_code = not is_code
        else:
            lines.append(line if is_code else _markdown_block(line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _markdown_block(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    words = _HEADING.sub("", _QUOTE.sub("", line))
    spans = markdown_spans(words, after=html.unescape)
    return f"{indent}{spans_text(spans)}".rstrip()

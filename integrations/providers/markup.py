"""Read markup as plain text: HTML and Markdown without their marks, line by line.

Nothing of it is ever shown as HTML. What looks like markup and is none stays.
"""

import html
import re
from collections.abc import Callable
from typing import Final

from integrations.providers.rich_text import Block, paragraphs_of

MAX_TEXT: Final = 256 * 1024
MAX_LINE: Final = 10_000

# What follows a backslash is itself; it is set aside while markers are removed.
_ESCAPED: Final = re.compile(r"\\([\\*~`$\[\]<>{}|^_#+\-.!()>])")
_ASIDE: Final = 0xE000
_MOST_PIECES: Final = 0xF8FF - _ASIDE
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
# Lengths are bounded, so that a line of nothing but openings costs no minute.
_CODE: Final = re.compile(r"(`+)(.{1,2000}?)\1")
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)")
# None holds the mark that it ends with, or a text of openings would be read again
# for each of them. What is inside of another is found one round later.
_STRONG: Final = re.compile(r"\*\*(?=[^\s*])((?:[^*]|\*(?!\*)){1,2000}?)(?<=\S)\*\*")
_STRUCK: Final = re.compile(r"~~(?=[^\s~])([^~]{1,2000})(?<=\S)~~")
_BOLD: Final = re.compile(r"__(?=[^\s_])([^_]{1,2000})(?<=\S)__")
_EMPHASIS: Final = re.compile(r"(?<!\*)\*(?=[^\s*])([^*]*?)(?<=[^\s*])\*(?!\*)")
_UNDERLINED: Final = re.compile(r"(?<!\w)_(?=[^\s_])([^_]*?)(?<=[^\s_])_(?!\w)")
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

Step = Callable[[str], str]


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
    return f"{indent}{markdown_line(words, after=_common_end)}".rstrip()


def _common_end(text: str) -> str:
    return html.unescape(_UNDERLINED.sub(r"\1", text))


def markdown_line(line: str, *, before: Step = lambda text: text, after: Step) -> str:
    """Return the words of one line of Markdown.

    A dialect removes what is its own ``before`` links and emphasis, or ``after``.
    """
    aside = _Aside()
    text = aside.put(_ESCAPED, _PRIVATE.sub("", line[:MAX_LINE]), 1)
    text = aside.put(_CODE, text, 2)
    text = _LINK.sub(r"\1", before(_BREAK.sub(" ", text)))
    for _ in range(3):
        for pattern in (_STRONG, _STRUCK, _BOLD, _EMPHASIS):
            text = pattern.sub(r"\1", text)
    return " ".join(aside.bring_back(after(text)).split())


class _Aside:
    """Literal pieces of a line, behind single private-use characters."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def put(self, pattern: "re.Pattern[str]", text: str, group: int) -> str:
        """Replace each match by a mark that stands for one of its groups."""
        return pattern.sub(self._keeper(group), text)

    def bring_back(self, text: str) -> str:
        """Return the text with its literal pieces; a piece can hold another's mark."""
        for number in reversed(range(len(self._pieces))):
            text = text.replace(chr(_ASIDE + number), self._pieces[number])
        return text

    def _keeper(self, group: int) -> "Callable[[re.Match[str]], str]":
        def keep(match: "re.Match[str]") -> str:
            if len(self._pieces) == _MOST_PIECES:
                return match[group]
            self._pieces.append(match[group])
            return chr(_ASIDE + len(self._pieces) - 1)

        return keep

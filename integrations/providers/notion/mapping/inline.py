"""Turn one line of Notion's Markdown into plain text: no markers, tags or links."""

import re
from collections.abc import Callable
from typing import Final

MAX_LINE: Final = 10_000

# What follows a backslash is itself; it is set aside while markers are removed.
_ESCAPED: Final = re.compile(r"\\([\\*~`$\[\]<>{}|^_#+\-.!])")
_ASIDE: Final = 0xE000
_MOST_PIECES: Final = 0xF8FF - _ASIDE
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
# Lengths are bounded, so that a line of nothing but openings costs no minute.
_CODE: Final = re.compile(r"(`+)(.{1,2000}?)\1")
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_DATE: Final = re.compile(r"<mention-date\b([^<>]*)/?>(?:\s*</mention-date>)?")
_START: Final = re.compile(r'\bstart="([^"<>]*)"')
_END: Final = re.compile(r'\bend="([^"<>]*)"')
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_ATTRIBUTES: Final = re.compile(r'\s*\{(?:\s*[\w-]+="[^"{}]*")+\s*\}')
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)")
_CITATION: Final = re.compile(r"\[\^[^\[\]]*\]")
_STRONG: Final = re.compile(r"(\*\*\*|\*\*|~~|__)(?=\S)(.{1,2000}?)(?<=\S)\1")
_EMPHASIS: Final = re.compile(r"(?<!\*)\*(?=[^\s*])([^*]*?)(?<=[^\s*])\*(?!\*)")
_MATH: Final = re.compile(r"\$`?([^$`]+)`?\$")


def to_text(line: str) -> str:
    """Return the words of a line; what looks like markup and is none stays."""
    aside = _Aside()
    text = aside.put(_ESCAPED, _PRIVATE.sub("", line[:MAX_LINE]), 1)
    text = aside.put(_CODE, text, 2)
    text = _BREAK.sub(" ", text)
    text = _DATE.sub(_to_date, text)
    text = _ATTRIBUTES.sub("", _TAG.sub("", text))
    text = _CITATION.sub("", _LINK.sub(r"\1", text))
    for _ in range(3):
        text = _EMPHASIS.sub(r"\1", _STRONG.sub(r"\2", text))
    text = _MATH.sub(r"\1", text)
    return " ".join(aside.bring_back(text).split())


def _to_date(match: "re.Match[str]") -> str:
    start, end = _START.search(match[1]), _END.search(match[1])
    return " to ".join(found[1] for found in (start, end) if found)


class _Aside:
    """Hold literal pieces of a line behind single private-use characters."""

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

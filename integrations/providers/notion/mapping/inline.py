"""Turn one line of Notion's Markdown into plain text: no markers, tags or links."""

import re
from typing import Final

from integrations.providers.markup import markdown_line

_DATE: Final = re.compile(r"<mention-date\b([^<>]*)/?>(?:\s*</mention-date>)?")
_START: Final = re.compile(r'\bstart="([^"<>]*)"')
_END: Final = re.compile(r'\bend="([^"<>]*)"')
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_ATTRIBUTES: Final = re.compile(r'\s*\{(?:\s*[\w-]+="[^"{}]*")+\s*\}')
_CITATION: Final = re.compile(r"\[\^[^\[\]]*\]")
_MATH: Final = re.compile(r"\$`?([^$`]+)`?\$")


def to_text(line: str) -> str:
    """Return the words of a line; what looks like markup and is none stays."""
    return markdown_line(line, before=_without_tags, after=_without_math)


def _without_tags(text: str) -> str:
    return _ATTRIBUTES.sub("", _TAG.sub("", _DATE.sub(_to_date, text)))


def _without_math(text: str) -> str:
    return _MATH.sub(r"\1", _CITATION.sub("", text))


def _to_date(match: "re.Match[str]") -> str:
    start, end = _START.search(match[1]), _END.search(match[1])
    return " to ".join(found[1] for found in (start, end) if found)

"""Turn one line of Notion's Markdown into spans: no tags, attributes or citations."""

import re
from typing import Final

from integrations.providers.text.markdown import markdown_spans
from integrations.providers.text.rich_text import Spans

_DATE: Final = re.compile(r"<mention-date\b([^<>]*)/?>(?:\s*</mention-date>)?")
_ATTRIBUTE: Final = re.compile(r'\b([\w-]{1,40})="([^"<>]*)"')
# What has an address of its own in Notion; users have one that leads nowhere.
_LINKED: Final = re.compile(
    r'<mention-(?:page|database|data-source)\b[^<>]*?\burl="(https://[^"<>()\s]+)"'
    r"[^<>]*>([^<>\[\]]+)</mention-"
)
_UNKNOWN: Final = re.compile(r'<unknown\b(?:[^<>]*?\balt="([\w -]{1,40}))?[^<>]*>')
_TAG: Final = re.compile(r"</?(?!br\b)[A-Za-z][^<>]*>")
_ATTRIBUTES: Final = re.compile(r'\s*\{(?:\s*[\w-]+="[^"{}]*")+\s*\}')
_CITATION: Final = re.compile(r"\[\^[^\[\]]*\]")
# A formula is shown like code.
_MATH: Final = re.compile(r"(?<!\\)\$(?:`([^$`]{1,2000})`|([^$`]{1,2000}))\$")


def to_spans(line: str) -> Spans:
    """Return the spans of a line; what looks like markup and is none stays."""
    return markdown_spans(
        _MATH.sub(_to_code, line), before=_without_tags, underscores=False
    )


def _to_code(match: "re.Match[str]") -> str:
    return f"`{match[1] or match[2]}`"


def _without_tags(text: str) -> str:
    text = _LINKED.sub(r"[\2](\1)</mention-", _DATE.sub(_to_date, text))
    text = _TAG.sub("", _UNKNOWN.sub(_to_trace, text))
    return _ATTRIBUTES.sub("", _CITATION.sub("", text))


def _to_trace(match: "re.Match[str]") -> str:
    return f"[{(match[1] or 'block').replace('_', ' ')}, see Notion]"


def _to_date(match: "re.Match[str]") -> str:
    """Return a day, or a time of it, or the one to the other, and the zone."""
    told = dict(_ATTRIBUTE.findall(match[1]))
    ends = (
        " ".join(filter(None, (told.get(day), told.get(clock))))
        for day, clock in (("start", "startTime"), ("end", "endTime"))
    )
    words = " to ".join(filter(None, ends))
    return " ".join(filter(None, (words, told.get("timeZone"))))

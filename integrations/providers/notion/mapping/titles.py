"""Read titles, texts and icons: titles by type, never by the name of a column."""

from collections.abc import Mapping
from typing import Any, Final

from integrations.http.errors import InvalidResponse
from integrations.http.responses.shape import expect_list, expect_object
from integrations.providers.typed.values import cut, one_line

UNTITLED: Final = "Untitled"
MAX_NAME: Final = 500
MAX_ICON: Final = 16
MAX_ICON_NAME: Final = 60
# The one emoji that Unicode counts among the letters.
INFORMATION: Final = "\N{INFORMATION SOURCE}"
# https://developers.notion.com/reference/page-property-values
# A page shows at most 25 references of one property.
MAX_REFERENCES: Final = 25


def plain_text(parts: object) -> str:
    """Join the plain text of a rich text array; anything else is empty."""
    if not isinstance(parts, list):
        return ""
    texts = (part.get("plain_text") for part in parts if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))


def references_in(parts: object) -> int:
    """Return how many mentions are in a rich text array: Notion counts only those."""
    entries = parts if isinstance(parts, list) else []
    return sum(
        isinstance(each, dict) and each.get("type") == "mention" for each in entries
    )


def expect_title(properties: object) -> object:
    """Return the property that is the title; InvalidResponse without one.

    Pages and tables always have one, so that an answer without it tells nothing. Its
    key is whatever users named the column, in any language.
    """
    for value in expect_object(properties, "properties").values():
        if isinstance(value, dict) and value.get("type") == "title":
            return value.get("title")
    raise InvalidResponse("properties: expected a title among them")


def page_title(properties: object) -> str:
    """Return the title of a page: that of the property whose type is ``title``."""
    return to_name(expect_list(expect_title(properties), "title"))


def to_name(parts: object) -> str:
    """Return a title on one line, never empty; a very long one ends with ``…``."""
    return one_line(plain_text(parts), limit=MAX_NAME) or UNTITLED


def to_icon(icon: object) -> str:
    """Return an icon as text; pictures are links that soon expire and are left out."""
    if not isinstance(icon, Mapping):
        return ""
    emoji = icon.get("emoji")
    if icon.get("type") == "emoji" and is_emoji(emoji):
        return str(emoji)
    custom = icon.get("custom_emoji")
    name = custom.get("name") if isinstance(custom, dict) else None
    return f":{cut(name, MAX_ICON_NAME)}:" if isinstance(name, str) and name else ""


def is_emoji(value: Any) -> bool:
    """Tell whether a text can be an emoji: short, and nothing of the keyboard."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_ICON
        and not any(_is_word(char) for char in value)
        and any(ord(char) > 0x203B for char in value)
    )


def _is_word(char: str) -> bool:
    return char.isspace() or (char.isalpha() and char != INFORMATION)

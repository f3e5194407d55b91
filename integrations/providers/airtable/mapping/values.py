"""Make a record's values fit to be kept: JSON, of bounded length, without file links.

The address of an attachment works for about two hours and for anybody who has it.
Kept, it would be a secret first and a dead link soon after, and it would make every
record look changed at every reading.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

MAX_TEXT: Final = 256 * 1024
CUT_MARK: Final = "… [cut]"
ATTACHMENT: Final = ("id", "filename", "size", "type")
NEVER_KEPT: Final = frozenset({"thumbnails", "profilePicUrl"})
# https://airtable.com/developers/web/api/field-model
# A formula over an attachment field puts the same addresses into a text.
_FILE_LINK: Final = re.compile(
    r"https?://(?:[\w.-]{1,253}\.)?(?:airtableusercontent\.com|dl\.airtable\.com)"
    r"[^\s\"'<>()\[\]]*",
    re.IGNORECASE | re.ASCII,
)
LINK_MARK: Final = "[link to a file]"


def clean(value: Any) -> Any:
    """Return ``value`` as it is kept; unknown shapes stay what they are."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [clean(each) for each in value]
    if isinstance(value, dict):
        return _object(value)
    return value


def _text(value: str) -> str:
    text = _FILE_LINK.sub(LINK_MARK, value)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + CUT_MARK


def _object(value: Mapping[str, Any]) -> dict[str, Any]:
    if "filename" in value:
        return {key: clean(value[key]) for key in ATTACHMENT if key in value}
    # A button's address is part of its definition; any other is a file's.
    is_button = "label" in value
    return {
        key: clean(each)
        for key, each in value.items()
        if key not in NEVER_KEPT and (key != "url" or is_button)
    }

"""Characters that steer instead of being seen: one list for logs, pages and exports.

They move a terminal's cursor, end a line, turn the direction of what follows them, or
make two names look the same.
"""

import re
from typing import Final

# C0 without tab and line feed, DEL, C1.
CONTROLS: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f"
# Line and paragraph separator.
LINE_ENDS: Final = "\u2028\u2029"
# Embeddings, overrides and isolates, which turn a whole line.
TURNS: Final = "\u202a-\u202e\u2066-\u2069"
# Marks beside a letter, in honest texts as well: ALM, LRM, RLM, and a byte order mark.
MARKS: Final = "\u061c\u200e\u200f\ufeff"
CHARACTERS: Final = CONTROLS + LINE_ENDS + TURNS + MARKS
STEERING: Final = re.compile(f"[{CHARACTERS}]")
# On a page marks turn nothing but the element that isolates them, and options of a
# form have to come back as they were.
ON_PAGES: Final = re.compile(f"[{CONTROLS}{LINE_ENDS}{TURNS}]")
UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"

_PICTURES: Final = {chr(code): chr(0x2400 + code) for code in range(0x20)} | {
    # What HTML takes for a line end, and what must not end one inside of an attribute.
    "\r": "\n",
    "\x7f": "\N{SYMBOL FOR DELETE}",
    **dict.fromkeys(LINE_ENDS, " "),
}


def plain(text: str) -> str:
    """Return a text in which nothing steers: marks are left out, the rest replaced."""
    return STEERING.sub(_replaced, text.replace("\r\n", "\n"))


def drawn(text: str) -> str:
    """Return the text of a page, in which controls have their pictures."""
    text = text.replace("\r\n", "\n")
    return ON_PAGES.sub(lambda found: _PICTURES.get(found[0], UNKNOWN), text)


def without(text: str) -> str:
    """Return a text without all that steers, as it is offered for editing."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return STEERING.sub(lambda found: "\n" if found[0] in LINE_ENDS else "", text)


def _replaced(found: re.Match[str]) -> str:
    if found[0] in MARKS:
        return ""
    return "\n" if found[0] in LINE_ENDS else UNKNOWN

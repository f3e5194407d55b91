"""Characters that steer instead of being seen, drawn in every page that is sent.

Our own templates hold none of them, so what a page holds comes from other people's
text: escapes of a terminal, and marks that turn the direction of what follows them.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

# In UTF-8: C0 without tab and line ends, DEL, C1, and the marks of direction that
# reach beyond one letter (U+202A to U+202E, U+2066 to U+2069).
STEERING = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]"
    rb"|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
)
UNKNOWN = "\N{REPLACEMENT CHARACTER}".encode()


def visible_controls(get_response: GetResponse) -> GetResponse:
    """Draw controls and marks of direction in HTML instead of obeying them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_html = response.headers.get("Content-Type", "").startswith("text/html")
        if is_html and not response.streaming and STEERING.search(response.content):
            response.content = STEERING.sub(_drawn, response.content)
        return response

    return middleware


def _drawn(found: re.Match[bytes]) -> bytes:
    """Return the picture of a C0 control, or the sign for what has none."""
    code = found[0][0]
    if code < 0x20:
        return chr(0x2400 + code).encode()
    return "\N{SYMBOL FOR DELETE}".encode() if code == 0x7F else UNKNOWN

"""Class of an endpoint: a path without what names one account's things."""

import re
from typing import Final

WORD: Final = re.compile(r"[a-z][a-z_-]{0,39}")
VERSION: Final = re.compile(r"v\d+|20\d\d-\d\d(?:-\d\d)?")
ANY: Final = ":id"


def endpoint_of(path: str) -> str:
    """Return a path in which everything but words and versions is ``:id``.

    So the number of classes is bounded, and none of them names a user's data.
    """
    parts = path.partition("?")[0].split("/")
    return "/".join(part if not part or _is_fixed(part) else ANY for part in parts)


def _is_fixed(part: str) -> bool:
    return bool(WORD.fullmatch(part) or VERSION.fullmatch(part))

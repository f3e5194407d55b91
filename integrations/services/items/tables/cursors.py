"""Position in a sorted table, as an opaque token of an address."""

import base64
import binascii
import json
import math
from dataclasses import dataclass

from integrations.services.items.query import MAX_ID, MAX_TOKEN


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The row that a page starts after or ends before: its value, and its key.

    It names the order that it belongs to; in another one it is as good as none.
    """

    order: str
    value: float | str | None
    id: int

    def to_token(self) -> str:
        """Write the cursor so that a link can carry it."""
        raw = json.dumps([self.order, self.value, self.id], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, token: str, order: str, *, is_number: bool) -> "Cursor | None":
        """Read a token; anything odd means no position at all."""
        if not token or len(token) > MAX_TOKEN:
            return None
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            named, value, key = json.loads(raw)
        except (binascii.Error, ValueError, TypeError, RecursionError):
            return None
        is_key = isinstance(key, int) and not isinstance(key, bool)
        if named != order or not is_key or not 0 < key <= MAX_ID:
            return None
        if value is not None and not _fits(value, is_number=is_number):
            return None
        return cls(order=order, value=value, id=key)


def _fits(value: object, *, is_number: bool) -> bool:
    if is_number:
        is_plain = isinstance(value, int | float) and not isinstance(value, bool)
        return is_plain and math.isfinite(float(str(value)))
    if not isinstance(value, str) or "\x00" in value:
        return False
    # No text with half a surrogate can be sent to a database.
    return value == value.encode("utf-8", "ignore").decode()

"""Position in a sorted table, as an opaque token of an address."""

import json
from typing import Final

from msgspec import Struct

from integrations.services.common.sealing.opaque import from_token, to_token
from integrations.services.items.tables.columns.values import Key

PURPOSE: Final = "table-position"


class Cursor(Struct, frozen=True, kw_only=True):
    """The row that a page starts after or ends before: its value, and its key.

    It travels sealed, and names the order that it belongs to; in another one it is as
    good as none. ``group`` is that of the row, where rows are sorted in groups.
    """

    order: str
    value: float | str | None
    id: int
    group: Key | None = None

    def to_token(self) -> str:
        """Write the cursor so that a link can carry it."""
        parts = [self.order, self.value, self.id, *(self.group or ())]
        raw = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
        return to_token(raw, purpose=PURPOSE)

    @classmethod
    def parse(cls, token: str, order: str) -> "Cursor | None":
        """Read a token; anything odd means no position at all."""
        raw = from_token(token, purpose=PURPOSE)
        if raw is None:
            return None
        named, value, key, *group = json.loads(raw)
        if named != order:
            return None
        told = Key(*group) if group else None
        return cls(order=named, value=value, id=key, group=told)

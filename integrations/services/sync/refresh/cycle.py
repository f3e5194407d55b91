"""Notice a listing whose cursors go round in a circle."""

import hashlib

from msgspec import Struct
from msgspec.structs import replace

from integrations.http.errors import InvalidResponse


class Cycle(Struct, frozen=True, kw_only=True):
    """Cycle detection by one earlier cursor, which is renewed ever more seldom.

    So cursors that go round are noticed after three rounds at most, and nothing but
    one of them is kept (Brent's way to find a cycle).
    """

    mark: str = ""
    steps: int = 0
    length: int = 1

    def after(self, cursor: str) -> "Cycle":
        """Go one cursor further; InvalidResponse when it is the remembered one."""
        mark = hashlib.sha256(cursor.encode()).hexdigest()[:32]
        if mark == self.mark:
            raise InvalidResponse("the listing goes round in a circle")
        if self.steps + 1 < self.length:
            return replace(self, steps=self.steps + 1)
        return Cycle(mark=mark, length=self.length * 2)

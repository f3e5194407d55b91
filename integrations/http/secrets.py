"""Secret text that cannot be printed, serialised or copied by accident."""

import hmac
from typing import Final, NoReturn, Self

MASK: Final = "***"


class Secret:
    """Wrap one secret text; only `reveal` gives it back.

    Every way of turning it into text gives `***`, and pickling it raises TypeError,
    so it cannot reach a task argument, a cache or a session.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        """Wrap `value`; TypeError when it is not text (a Secret, bytes, None)."""
        if not isinstance(value, str):
            raise TypeError("a Secret wraps text only")
        self.__value = value

    def reveal(self) -> str:
        """Return the clear text, for the very line that sends or seals it."""
        return self.__value

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        ours, theirs = self.__value, other.__value
        # Lone surrogates cannot be encoded plainly, and a comparison must not raise.
        return hmac.compare_digest(
            ours.encode("utf-8", "surrogatepass"),
            theirs.encode("utf-8", "surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be serialised")

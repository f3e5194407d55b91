"""Room for the frames of deep calls."""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

# Half a megabyte in words, in a chunk of one; what is not used is never in memory.
WORDS: Final = 66_000


def with_room(call: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Call from a frame so large that those of all calls below fit behind it.

    CPython keeps the frames of a thread in chunks of 16 KiB. Where calls begin that do
    not fit into one, each maps memory and each return gives it back; at which depth is
    luck. A frame that does not fit has a chunk made of up to twice its size.
    https://github.com/python/cpython/blob/3.11/Python/pystate.c (push_chunk)
    """

    def roomy(*args: Given.args, **options: Given.kwargs) -> Answer:
        return call(*args, **options)

    roomy.__code__ = roomy.__code__.replace(co_stacksize=WORDS)
    return roomy

"""Calls of any depth map no memory."""

import resource
import sys
import threading
from collections.abc import Callable

import pytest

from config.deep_calls import with_room

DEPTHS, CALLS = 500, 100


def leaf() -> int:
    return 1


# Larger than one frame of the way down, so that at some depth it does not fit.
leaf.__code__ = leaf.__code__.replace(co_stacksize=100)


def mapped_at(depth: int) -> int:
    """Return how often memory is touched for the first time by many calls down there.

    A chunk that is mapped anew is touched once at least.
    """
    if depth:
        return mapped_at(depth - 1)
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for _ in range(CALLS):
        leaf()
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def most_mapped(call: Callable[[], int]) -> int:
    """Return what a call returns in a thread whose frames begin a chunk."""
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def anywhere() -> int:
    return max(map(mapped_at, range(DEPTHS)))


@pytest.mark.skipif(sys.platform != "linux", reason="it counts faults of one thread")
def test_calls_of_any_depth_map_no_memory_where_there_is_room() -> None:
    assert most_mapped(with_room(anywhere)) < CALLS / 2


def test_what_is_called_gets_and_returns_what_it_does_anyhow() -> None:
    assert with_room(int)("11", base=2) == 3

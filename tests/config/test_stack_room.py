"""A request's calls find room for their frames, however deep they are."""

import resource
from typing import Any

from django.http import HttpResponse
from django.test import RequestFactory

from config.stack_room import stack_room

CALLS, DEPTHS = 300, range(600)


def call_often(depth: int) -> None:
    """Call a function again and again, so many frames further down."""
    if depth:
        call_often(depth - 1)
        return
    for _ in map(abs_of, range(CALLS)):
        pass


def abs_of(number: int) -> int:
    return abs(number)


def most_faults(_request: Any = None) -> HttpResponse:
    """Answer how often the system was asked for memory, where it was most often."""
    most = 0
    for depth in DEPTHS:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        call_often(depth)
        most = max(most, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return HttpResponse(f"{most}")


def test_no_depth_asks_the_system_for_memory_at_each_call(rf: RequestFactory) -> None:
    answer = stack_room(most_faults)(rf.get("/"))

    assert int(answer.content) < CALLS / 2


def test_every_request_has_that_room(settings: Any) -> None:
    assert "config.stack_room.stack_room" in settings.MIDDLEWARE[:2]

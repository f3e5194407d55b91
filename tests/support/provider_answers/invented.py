"""Strategies for what no provider has answered yet, and how many examples are tried."""

import copy
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

# CI tries the same few answers every time; INVENTED_ANSWERS=1000 tries that many new
# ones of each test.
MORE = int(os.environ.get("INVENTED_ANSWERS", "0"))

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        (
            "",
            " \t\n",
            "\x00",
            "\ud800",
            "\u202eabc\u2066",
            "\U0001f1e9\U0001f1ea\U0001f469\u200d\U0001f469",
            "\uff46\uff55\uff4c\uff4c",
            "<script>alert(1)</script>",
            "null",
            "x" * 300_000,
            "é" * 1_000,
            "\u2028\u2029\x85",
            "%00%2F",
            "9" * 60,
        )
    ),
)
TIMES = st.one_of(
    st.datetimes().map(lambda at: at.isoformat()),
    st.sampled_from(
        (
            "2026-11-20",
            "2026-11-20T10:00:00Z",
            "2026-11-20T10:00:00.123456789Z",
            "2026-11-20T10:00:00+23:59",
            "2026-W47-5",
            "20261120T100000Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "2026-02-30T25:61:61Z",
            "1795000000000",
            "-1",
            1_795_000_000_000,
            -62_135_596_800,
            0,
        )
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
    TIMES,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=8), inner, max_size=4),
        inner.map(lambda value: {"type": "zebra", "zebra": value}),
    ),
    max_leaves=8,
)


def examples(count: int) -> settings:
    """Return how a test is tried: the same in CI every time, or many times anew."""
    return settings(
        max_examples=MORE or count,
        derandomize=not MORE,
        deadline=None,
        database=None,
        # A fixture is shared by all examples of a test: each makes rows of its own.
        suppress_health_check=list(HealthCheck),
    )


def leave_out_simplest(data: st.DataObject) -> None:
    """Go on with any example but the simplest, which Hypothesis tries first.

    Nothing of interest happens in it. Where CI tries two it would be half of the work.
    """
    assume(data.draw(st.integers(0, 999)))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every part of a value, the whole of it aside."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _places(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _places(one, (*path, number))


def _retyped(value: Any) -> Any:
    """Return what says the same in another type: ids and numbers, above all."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 300 else [value]
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return {str(number): one for number, one in enumerate(value)}
    return list(value.items()) if isinstance(value, dict) else str(value)


WAYS = (
    *("replace", "replace", "remove", "repeat", "add"),
    *("retype", "nest", "copy", "crowd"),
)


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@st.composite
def bent(draw: st.DrawFn, value: Any) -> Any:
    """Return a value of which some parts are other ones, missing, or there twice.

    Others are of another type, a level deeper, at a second place, or there very often.
    """
    changed = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(changed))
        if not places:
            return draw(VALUES)
        *steps, last = draw(st.sampled_from(places))
        node, way = _at(changed, tuple(steps)), draw(st.sampled_from(WAYS))
        if way == "remove":
            del node[last]
        elif way in {"repeat", "add"} and isinstance(node, list):
            node.insert(last, copy.deepcopy(node[last]) if way == "repeat" else 7)
        elif way in {"repeat", "add"}:
            node[draw(st.text(max_size=8))] = draw(VALUES)
        else:
            other = _at(changed, draw(st.sampled_from(places)))
            node[last] = _changed(draw, way, node[last], other)
    return changed


def _changed(draw: st.DrawFn, way: str, value: Any, other: Any) -> Any:
    """Return what stands in place of a value, of its own kind or of none."""
    if way == "retype":
        return _retyped(value)
    if way == "nest":
        return [[value]] if draw(st.booleans()) else [value, copy.deepcopy(value)]
    if way == "copy":
        return copy.deepcopy(other)
    if way == "crowd" and isinstance(value, list):
        return [copy.deepcopy(one) for one in value * 120]
    return draw(VALUES)

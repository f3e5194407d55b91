"""Tell what a sync has found out from what somebody has changed at a provider."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from integrations.providers.typed.values import MORE

# Under this name stands what an item is inside of, beside its properties.
PARENT: Final = "parent_id"
Properties = Mapping[str, Any]


class Parents(NamedTuple):
    """The ids of what an item was inside of, and is now; empty for nothing."""

    before: str = ""
    after: str = ""


def told_further(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the properties that differ only in how much of a list was told.

    A list that was told in part ends with ``MORE``.
    """
    return {
        name
        for name in before.keys() & after.keys()
        if before[name] != after[name] and _is_same(before[name], after[name])
    }


def _is_same(before: object, after: object) -> bool:
    """Tell whether one of two lists is the beginning of the other, as it says."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return False
    begins = [each[:-1] for each in (before, after) if each[-1:] == [MORE]]
    whole = [[each for each in side if each != MORE] for side in (before, after)]
    length = min(map(len, begins), default=-1)
    return bool(begins) and whole[0][:length] == whole[1][:length]


def is_but_digits(one: object, other: object) -> bool:
    """Tell whether two values are the same but for digits of numbers after the 15th.

    Those are no change: an earlier release left them out, and what is worked out
    anew may come to others.
    """
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_but_digits, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        is_alike = one.keys() == other.keys()
        return is_alike and all(is_but_digits(one[key], other[key]) for key in one)
    numbers = [each for each in (one, other) if isinstance(each, int | float)]
    # A database may give a great fraction back as a whole number.
    is_rounded = any(isinstance(each, float) for each in numbers) and len(numbers) > 1
    if is_rounded and not any(isinstance(each, bool) for each in numbers):
        return f"{numbers[0]:.15g}" == f"{numbers[1]:.15g}"
    return one == other


def but_digits(before: Properties, after: Properties) -> set[str]:
    """Return the properties that differ in nothing but digits after the 15th."""
    return {
        name
        for name in before.keys() & after.keys()
        if before[name] != after[name] and is_but_digits(before[name], after[name])
    }


def found_more(
    before: Properties, after: Properties, names: Iterable[str], *, mark: str
) -> dict[str, tuple[Properties, Properties]]:
    """Return the lists of ids of which a sync was told more, or less, than before.

    One that was told in part has ``mark`` behind its name in a property of its own.
    With the name of each come the side that was told in part, and the other.
    """
    sides = ((before, after), (after, before))
    found: dict[str, tuple[Properties, Properties]] = {}
    for name in names:
        told = (name, name + mark)
        if all(before.get(each) == after.get(each) for each in told):
            continue
        for part, whole in sides:
            if part.get(name + mark) and _is_within(part, whole, name):
                found.setdefault(name, (part, whole))
    return found


def _is_within(part: Properties, whole: Properties, name: str) -> bool:
    return set(part.get(name) or ()) <= set(whole.get(name) or ())

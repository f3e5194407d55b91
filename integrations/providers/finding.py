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

"""Tell what a sync has found out from what somebody has changed at a provider."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from integrations.providers.typed.values import MORE

# Under this name stands what an item is inside of, beside its properties.
PARENT: Final = "parent_id"


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
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    names: Iterable[str],
    *,
    mark: str,
) -> set[str]:
    """Return the lists of ids of which a sync was told more, or less, than before.

    One that was told in part has ``mark`` behind its name in a property of its own.
    """
    return {
        name
        for name in names
        if (before.get(name + mark) and _is_within(before, after, name))
        or (after.get(name + mark) and _is_within(after, before, name))
    }


def _is_within(part: Mapping[str, Any], whole: Mapping[str, Any], name: str) -> bool:
    return set(part.get(name) or ()) <= set(whole.get(name) or ())

"""Say what of an address was not taken, so that nothing is shown for another thing."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.http import QueryDict

from integrations.providers.typed.values import cut

# Between a property and an operator, as addresses of tables have them.
SEPARATOR: Final = "__"
# In the address of a list that came from one with a filter that could not be used.
LEFT_OUT: Final = "left_out"
UNUSABLE: Final = "A filter that was asked for cannot be used."
# Where a page of a list starts or ends, as its address has it.
PLACES: Final = ("after", "before")
LOST_PLACE: Final = "The place in the list that the address names cannot be read."


def mark(left_out: Iterable[str]) -> Mapping[str, str]:
    """Return the parameter that says so, for what leads on from a list."""
    return {LEFT_OUT: "1"} if any(left_out) else {}


def find_repeated(given: Mapping[str, Any], names: Iterable[str]) -> Iterable[str]:
    """Yield in words which of some parameters has several values, of which one counts.

    An address that is no ``QueryDict`` has one of each.
    """
    if not isinstance(given, QueryDict):
        return
    for name in names:
        values = {value.strip() for value in given.getlist(name)} - {""}
        if len(values) > 1:
            yield f"Of several values of “{name}” only the last is used."


def find_left_out(given: Mapping[str, Any], taken: Mapping[str, Any]) -> Iterable[str]:
    """Yield in words each parameter that has a value, and of which nothing was taken.

    ``taken`` are the values that the parameters were read as. Filters by properties
    are those of tables; other names that nobody knows mean nothing.
    """
    for name, value in taken.items():
        told = str(given.get(name) or "").replace("\x00", "").strip()
        if told and not value:
            yield f"“{cut(told, 60)}” cannot be chosen for “{name}”."
    for name in given:
        if SEPARATOR in name:
            yield f"Nothing is filtered by “{cut(name, 60)}” here."
    if given.get(LEFT_OUT):
        yield UNUSABLE


def find_lost_place(given: Mapping[str, Any], *, is_taken: bool) -> Iterable[str]:
    """Yield in words that the page is the first, though the address names another.

    So it is where the place is of another order, or was not written by this site.
    """
    is_given = any(str(given.get(name) or "").strip("\x00 ") for name in PLACES)
    if is_given and not is_taken:
        yield LOST_PLACE

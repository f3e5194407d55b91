"""Conditions asked of the keys of values that no index holds."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db.models import Q

from integrations.services.items.tables.columns.values import Key
from integrations.services.items.tables.conditions import (
    Asker,
    Condition,
    compare,
    is_negated,
)

# How a database compares, by the lookups of queries.
COMPARED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "exact": operator.eq,
    "in": lambda own, wanted: own in wanted,
    "contains": operator.contains,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def holds(condition: Condition, keys: Sequence[Key], asker: Asker) -> bool:
    """Tell whether a condition holds of the keys of one item, as of stored ones."""
    told = compare(condition, asker)
    return any(_is_true(told, key) for key in keys) is not is_negated(condition)


def _is_true(told: Q, key: Key) -> bool:
    """Tell whether comparisons of keys hold of one."""
    find = any if told.connector == Q.OR and told.children else all
    found = find(
        _is_true(each, key) if isinstance(each, Q) else _compare(each, key)
        for each in told.children
    )
    return found is not told.negated


def _compare(told: Any, key: Key) -> bool:
    name, wanted = told
    column, _, lookup = name.partition("__")
    own = key.text if column == "text" else key.number
    if lookup == "isnull":
        return (own is None) is wanted
    return own is not None and bool(COMPARED[lookup](own, wanted))

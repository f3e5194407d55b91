"""Columns whose filters compare only the first values, or a text's beginning."""

from collections.abc import Sequence

from django.db.models import Q

from integrations.models import PropertyValue
from integrations.services.items.tables.columns import LINKING, Column, Family
from integrations.services.items.tables.operators import Operator
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.values import (
    CUT,
    MOST_LINKED,
    MOST_VALUES,
)

# Their values are single ones, so that nothing has to be looked for.
SINGLE_FAMILIES = frozenset({Family.NUMBER, Family.BOOLEAN, Family.DATE})
# Whose values may be longer than is compared, which their rows say.
CUT_FAMILIES = frozenset({Family.TEXT, Family.FILES})
SINGLE_KINDS = frozenset({"text", "choice", "stage", "pipeline"})


def filtered_in_part(selection: Selection) -> Sequence[Column]:
    """Return the filtered columns of which an item has as many values as are kept.

    It may have more: those are shown, and no filter finds them.
    """
    kept = {
        index.pk: (condition.column, last)
        for condition, index in selection.used
        if (last := _last_position(condition.column)) is not None
    }
    if not kept:
        return ()
    reached = Q()
    for key, (_, last) in kept.items():
        reached |= Q(index=key, position=last)
    found = PropertyValue.objects.filter(reached).values_list("index", flat=True)
    keys = set(found.distinct())
    return [column for key, (column, _) in kept.items() if key in keys]


def searched_in_part(selection: Selection) -> Sequence[Column]:
    """Return the columns searched for words that have texts longer than is compared.

    What stands behind is shown, and no filter finds it.
    """
    searched = {
        index.pk: condition.column
        for condition, index in selection.used
        if condition.operator is Operator.CONTAINS
        and condition.column.family in CUT_FAMILIES
    }
    if not searched:
        return ()
    found = PropertyValue.objects.filter(index__in=list(searched), number=CUT)
    keys = set(found.values_list("index", flat=True).distinct())
    return [column for key, column in searched.items() if key in keys]


def _last_position(column: Column) -> int | None:
    """Return the position of the last value that is kept, None for single values."""
    if column.family in SINGLE_FAMILIES or column.kind in SINGLE_KINDS:
        return None
    # The first row of what is linked tells how many there are.
    return MOST_LINKED if column.family in LINKING else MOST_VALUES - 1

"""Columns whose filters compare only the first values, or a text's beginning."""

from collections.abc import Sequence

from django.db.models import Q
from django.db.models.functions import Length

from integrations.models import PropertyValue
from integrations.models.items.table import TEXT_LENGTH
from integrations.services.items.tables.columns import Column, Family
from integrations.services.items.tables.operators import Operator
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.values import MOST_LINKED, MOST_VALUES

# Their values are single ones, so that nothing has to be looked for.
SINGLE_FAMILIES = frozenset({Family.NUMBER, Family.BOOLEAN, Family.DATE})
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
    """Return the columns searched for words that have texts as long as are compared.

    They may be longer: what stands behind is shown, and no filter finds it.
    """
    searched = {
        index.pk: condition.column
        for condition, index in selection.used
        if condition.operator is Operator.CONTAINS and not condition.names_items
    }
    if not searched:
        return ()
    # A blank at the end was left out.
    found = PropertyValue.objects.annotate(length=Length("text")).filter(
        index__in=list(searched), length__gte=TEXT_LENGTH - 1
    )
    keys = set(found.values_list("index", flat=True).distinct())
    return [column for key, column in searched.items() if key in keys]


def _last_position(column: Column) -> int | None:
    """Return the position of the last value that is kept, None for single values."""
    if column.family in SINGLE_FAMILIES or column.kind in SINGLE_KINDS:
        return None
    most = MOST_LINKED if column.family is Family.RELATION else MOST_VALUES
    return most - 1

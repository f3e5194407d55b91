"""Columns whose filters compare only the first values, or a text's beginning."""

from collections.abc import Sequence

from integrations.services.items.tables.columns.columns import Column
from integrations.services.items.tables.columns.values import CUT_FAMILIES, SINGLE
from integrations.services.items.tables.operators import Operator
from integrations.services.items.tables.selection import Selection


def filtered_in_part(selection: Selection) -> Sequence[Column]:
    """Return the filtered columns of which an item has more values than are compared.

    All are shown, and no filter finds those that are not compared.
    """
    found = {
        condition.column.id: condition.column
        for condition, index in selection.used
        if index.has_more and condition.column.family not in SINGLE
    }
    return list(found.values())


def searched_in_part(selection: Selection) -> Sequence[Column]:
    """Return the columns searched for words that have texts longer than is compared.

    What stands behind is shown, and no filter finds it.
    """
    found = {
        condition.column.id: condition.column
        for condition, index in selection.used
        if index.has_cut
        and condition.operator in {Operator.CONTAINS, Operator.LACKS}
        and condition.column.family in CUT_FAMILIES
    }
    return list(found.values())

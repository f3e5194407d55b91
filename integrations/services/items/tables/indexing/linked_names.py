"""Which linked items a filter on a relation names, asked anew at each question.

The index of a relation holds the ids of linked items, so that a name that changes is
found at once, however many items are linked to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from integrations.models import Collection, Item
from integrations.services.items.search import full_text
from integrations.services.items.search.conditions import AnyOf, all_of
from integrations.services.items.search.conditions import Condition as Wanted
from integrations.services.items.search.search_query import Rank, SearchQuery
from integrations.services.items.search.texts import NAME_WORD
from integrations.services.items.tables.columns.values import fold
from integrations.services.items.tables.conditions import Condition
from integrations.services.items.tables.operators import Operator

# A filter by names that more items have is left out, and the page says so.
MOST_NAMED = 500


class Linked(NamedTuple):
    """The ids of the items that conditions name, and those that name too many."""

    ids: Mapping[Condition, Sequence[str]]
    vague: Sequence[Condition]


def find(collection: Collection, conditions: Iterable[Condition]) -> Linked:
    """Return which items each of the conditions names."""
    naming = [each for each in conditions if each.names_items]
    named = {each: _find_ids(collection, each) for each in naming}
    found = {each: ids for each, ids in named.items() if ids is not None}
    return Linked(found, [each for each in named if each not in found])


def _find_ids(collection: Collection, condition: Condition) -> list[str] | None:
    """Return the ids of the items that a condition names, None where too many."""
    is_exact = condition.operator not in {Operator.CONTAINS, Operator.LACKS}
    wanted = _wanted(collection, condition, is_exact=is_exact)
    if not wanted:
        return []
    keys = full_text.keys_of(AnyOf(tuple(wanted)), most=full_text.FEW + 1)
    rows = Item.objects.filter(pk__in=keys).values_list(
        "remote_id", "name", "connection_id", "collection__remote_id", "deleted_at"
    )
    told = list(rows)
    texts = {fold(text) for text in condition.values}
    ids = {
        remote_id
        for remote_id, name, connection_id, place, deleted_at in told
        if connection_id == collection.connection_id
        and deleted_at is None
        and (condition.column.source or condition.column.target) in ("", place)
        and (not is_exact or fold(name) in texts)
    }
    return (
        sorted(ids) if len(told) <= full_text.FEW and len(ids) <= MOST_NAMED else None
    )


def _wanted(
    collection: Collection, condition: Condition, *, is_exact: bool
) -> list[Wanted]:
    """Return what the texts of items hold that the values of a condition name."""
    found = []
    for text in condition.values:
        search_query = SearchQuery.parse(text, owner_id=collection.connection.owner_id)
        words = all_of(search_query.units, mark=f"{search_query.mark}{NAME_WORD}")
        wanted = search_query.ranked(Rank.NAME) if is_exact else words
        if wanted is not None and search_query.units:
            found.append(wanted)
    return found

"""Which linked items a filter on a relation names, asked anew at each question.

The index of a relation holds the ids of linked items, so that a name that changes is
found at once, however many items are linked to it.
"""

from collections.abc import Iterable, Mapping, Sequence

from integrations.models import Collection, Item
from integrations.services.items.search import full_text
from integrations.services.items.search.conditions import all_of
from integrations.services.items.search.question import Question, Rank
from integrations.services.items.search.texts import NAME_WORD
from integrations.services.items.tables.conditions import Condition
from integrations.services.items.tables.operators import Operator
from integrations.services.items.tables.values import fold

# Of a name that more items have, none is followed, and the page says so.
MOST_NAMED = 500


def find(
    collection: Collection, conditions: Iterable[Condition]
) -> tuple[Mapping[Condition, Sequence[str]], bool]:
    """Return the ids that conditions name, and whether one names too many."""
    naming = [each for each in conditions if each.names_items]
    named = {each: _find_ids(collection, each) for each in naming}
    found = {each: ids for each, ids in named.items() if ids is not None}
    return found, len(found) < len(named)


def _find_ids(collection: Collection, condition: Condition) -> list[str] | None:
    """Return the ids of the items that a condition names, None where too many."""
    (text,) = condition.values
    is_exact = condition.operator is not Operator.CONTAINS
    question = Question.parse(text, owner_id=collection.connection.owner_id)
    words = all_of(question.units, mark=f"{question.mark}{NAME_WORD}")
    wanted = question.ranked(Rank.NAME) if is_exact else words
    if wanted is None or not question.units:
        return []
    keys = full_text.keys_of(wanted, most=full_text.FEW + 1)
    rows = Item.objects.filter(pk__in=keys).values_list(
        "remote_id", "name", "connection_id", "collection__remote_id", "deleted_at"
    )
    told = list(rows)
    ids = {
        remote_id
        for remote_id, name, connection_id, place, deleted_at in told
        if connection_id == collection.connection_id
        and deleted_at is None
        and condition.column.target in ("", place)
        and (not is_exact or fold(name) == fold(text))
    }
    is_known = len(told) <= full_text.FEW and len(ids) <= MOST_NAMED
    return sorted(ids) if is_known else None

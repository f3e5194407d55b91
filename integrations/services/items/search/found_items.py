"""Items that hold each of several texts or conditions, by one statement for all."""

from collections.abc import Sequence

from integrations.models.items.item import Item, ItemQuerySet
from integrations.services.items.search import full_text
from integrations.services.items.search.conditions import Condition


def find_with_texts(
    texts: Sequence[str], items: ItemQuerySet, *, owner_id: int, most: int, few: int
) -> list[list[Item]]:
    """Return, for each text, a few of the items that hold every word of it whole."""
    wholes = [full_text.whole(text, owner_id) for text in texts]
    return find_each(wholes, items, most=most, few=few)


def find_each(
    conditions: Sequence[Condition | None],
    items: ItemQuerySet,
    *,
    most: int,
    few: int,
) -> list[list[Item]]:
    """Return, for each condition, a few of the given items that hold it.

    One statement for all. It looks at ``most`` of what the index finds for each, so
    that a word that is everywhere costs no more than a rare one.
    """
    statements: list[str] = []
    parameters: list[object] = []
    for number, condition in enumerate(conditions):
        if condition is None:
            continue
        keys = full_text.keys_of(condition, most=most)
        rows, values = items.filter(pk__in=keys)[:few].query.sql_with_params()
        statements.append(f"SELECT {number} AS place, r.* FROM ({rows}) AS r")
        parameters += values
    answers: list[list[Item]] = [[] for _ in conditions]
    if statements:
        for item in Item.objects.raw(" UNION ALL ".join(statements), parameters):
            answers[int(vars(item)["place"])].append(item)
    return answers

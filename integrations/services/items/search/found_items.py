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
    common: Condition | None = None,
) -> list[list[Item]]:
    """Return, for each condition, a few of the given items that hold it.

    One statement for all. It looks at ``most`` of what the index finds for each, so
    that a word that is everywhere costs no more than a rare one. Where a few hold what
    is ``common`` to all conditions, these are the ones that are returned for each.
    """
    statements: list[str] = []
    parameters: list[object] = []
    before, is_lacking = "", ""
    if common is not None:
        rows, values = _find(common, items, most=most, few=few)
        before = f"WITH common AS MATERIALIZED ({rows}) "
        is_lacking = f" WHERE (SELECT COUNT(*) FROM common) < {few}"
        parameters += values
    for number, condition in enumerate(conditions):
        if condition is None:
            continue
        rows, values = _find(condition, items, most=most, few=few)
        told = f"SELECT {number} AS place, r.* FROM"
        statements.append(f"{told} ({rows}) AS r{is_lacking}")
        parameters += values
        if common is not None:
            is_enough = f"(SELECT COUNT(*) FROM common) >= {few}"
            statements.append(f"{told} common AS r WHERE {is_enough}")
    answers: list[list[Item]] = [[] for _ in conditions]
    if statements:
        asked = before + " UNION ALL ".join(statements)
        for item in Item.objects.raw(asked, parameters):
            answers[int(vars(item)["place"])].append(item)
    return answers


def _find(
    condition: Condition, items: ItemQuerySet, *, most: int, few: int
) -> tuple[str, Sequence[object]]:
    """Return the SQL that finds a few items among so many that hold a condition."""
    keys = full_text.keys_of(condition, most=most)
    statement, values = items.filter(pk__in=keys)[:few].query.sql_with_params()
    return statement, values

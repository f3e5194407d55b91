"""Promises about links: an item that a provider names twice is linked once."""

from collections.abc import Callable
from typing import Any

from tests.providers.contract.case import Case


def items_named_twice_are_linked_once(case: Case) -> None:
    """A list that repeats what it holds means the same links, in the same order."""
    for item in case.items:
        found, repeated = (
            case.connector.links(properties, case.schema, parent_id=item.parent_id)
            for properties in (item.properties, twice(item.properties))
        )
        targets = [
            (each.relation, each.target_collection, each.target_id) for each in found
        ]
        assert len(targets) == len(set(targets))
        assert repeated == found


def twice(value: Any) -> Any:
    """Return a value with everything twice in each list in it."""
    if isinstance(value, dict):
        return {name: twice(each) for name, each in value.items()}
    if isinstance(value, list):
        return [twice(each) for each in (*value, *value)]
    return value


def parents_are_linked_where_the_connector_says_so(case: Case) -> None:
    """What an item is inside of is among its links, or nobody would show it there."""
    inside = [item for item in case.items if item.parent_id]
    for item in inside if case.connector.links_parents else ():
        links = case.connector.links(
            item.properties, case.schema, parent_id=item.parent_id
        )
        assert item.parent_id in {each.target_id for each in links}


PROMISES: tuple[Callable[[Case], None], ...] = (
    items_named_twice_are_linked_once,
    parents_are_linked_where_the_connector_says_so,
)

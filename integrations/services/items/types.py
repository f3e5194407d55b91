"""The types of items: what a collection holds, and what can be inside of what."""

from integrations.models import Collection, Item
from integrations.providers import CONNECTORS


def types_in(collection: Collection) -> tuple[str, ...]:
    """Return the types of the items that a collection holds."""
    connector = CONNECTORS.get(collection.connection.provider)
    mixed = connector.mixed_types if connector else {}
    return (collection.item_type, *mixed.get(collection.item_type, ()))


def type_name(provider: str, item_type: str) -> str:
    """Return what users call a type of items."""
    connector = CONNECTORS.get(provider)
    known = connector.item_types if connector else {}
    return known.get(item_type, item_type.replace("_", " ").capitalize())


def types_holding(item_type: str) -> set[str]:
    """Return the types of the collections, of any provider, that hold such items."""
    mixed = (each.mixed_types.items() for each in CONNECTORS.values())
    return {
        item_type,
        *(of for kinds in mixed for of, more in kinds if item_type in more),
    }


def parent_types(item: Item) -> list[str]:
    """Return the types of what may be the parent of an item: an id alone names none."""
    return _parent_types(item.provider, item.type) or [item.type]


def child_types(item: Item) -> list[str]:
    """Return the types of what may have an item as its parent."""
    connector = CONNECTORS.get(item.provider)
    if connector is not None and item.type in connector.leaf_types:
        return []
    types = connector.item_types if connector else (item.type,)
    return [t for t in types if item.type in _parent_types(item.provider, t)]


def rival_types(item: Item) -> set[str]:
    """Return the types of what children could mean instead, under the same id."""
    types = child_types(item)
    return {each for t in types for each in _parent_types(item.provider, t)}


def _parent_types(provider: str, item_type: str) -> list[str]:
    connector = CONNECTORS.get(provider)
    if connector is None:
        return [item_type]
    return list(connector.parent_types.get(item_type) or connector.item_types)

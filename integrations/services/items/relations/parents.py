"""Name the parents of items whose providers tell only their ids."""

from collections.abc import Iterable

from integrations.models import Collection, Item
from integrations.services.items.types import parent_types


def put_parents(items: Iterable[Item], known: Iterable[Collection] = ()) -> None:
    """Set ``parent_name`` of items whose parent is known by its id only.

    ``known`` are all collections of their connections, where these were read already.
    """
    rows = [item for item in items if item.parent_remote_id and not item.parent_name]
    if not rows:
        return
    within = {item.connection_id for item in rows}
    collections = {c.pk: c.connection_id for c in known if c.connection_id in within}
    if not collections:
        asked = Collection.objects.filter(connection__in=within)
        collections = dict(asked.values_list("pk", "connection_id"))
    found = (
        Item.objects.live()
        .filter(
            collection__in=list(collections),
            remote_id__in={item.parent_remote_id for item in rows},
        )
        .values_list("collection_id", "type", "remote_id", "name")
    )
    names = {(collections[pk], *key): name for pk, *key, name in found}
    for item in rows:
        keys = (
            (item.connection_id, each, item.parent_remote_id)
            for each in parent_types(item)
        )
        item.parent_name = next((names[key] for key in keys if key in names), "")

"""Put beside items what their rows in a list show."""

from collections.abc import Sequence

from integrations.models import Collection, Connection, Item
from integrations.services.connections.naming import unique_titles
from integrations.services.items.icons import put_icons
from integrations.services.items.relations.parents import put_parents
from integrations.services.items.search.passages import put_passages


def put_rows(
    items: Sequence[Item],
    connections: Sequence[Connection],
    search: str = "",
    collections: Sequence[Collection] = (),
) -> None:
    """Set the icons, places, connections and matched passages of some items.

    ``collections`` are all of the connections, where these were read already.
    """
    put_icons(items)
    put_parents(items, collections)
    if search:
        put_passages(items, search, collections)
    put_titles(items, connections)


def put_titles(items: Sequence[Item], connections: Sequence[Connection]) -> None:
    """Name each item's connection so that no two of the list read alike."""
    titles = unique_titles(connections)
    for item in items:
        title = titles.get(item.connection_id)
        item.connection_title = title or item.connection.title

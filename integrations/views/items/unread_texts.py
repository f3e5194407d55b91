"""Tell how many texts are not read yet, where their words would be looked for."""

from collections.abc import Sequence
from typing import Any

from integrations.models import Connection
from integrations.services.items import unread_texts
from integrations.services.items.lists.query import ItemQuery

EVERYTHING = ItemQuery()


def make_context(
    connections: Sequence[Connection], query: ItemQuery = EVERYTHING
) -> dict[str, Any]:
    """Return the number of unread texts of the connections that a query looks in."""
    within = [
        each
        for each in connections
        if query.connection in (None, each.pk) and query.provider in ("", each.provider)
    ]
    return {
        "unread_texts": unread_texts.count_in(within),
        "unread_texts_go_on": unread_texts.go_on(within),
    }

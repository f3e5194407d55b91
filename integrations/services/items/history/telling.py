"""Tell what of a stored change users are told, and what a provider only notes."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import ReadsContent
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.items.tables.columns.columns import naming_parts

PREFIX: Final = "properties."
NAME: Final = "name"
Pairs = Mapping[str, Any]


class Parts(NamedTuple):
    """Old and new by field: what changed, and when the provider says that it did."""

    changed: Pairs
    noted: Pairs


def split(collection: Collection, fields: Pairs) -> Parts:
    """Return what of a change is told: a new name once, and no times of edits."""
    pairs = {
        name: pair
        for name, pair in fields.items()
        if isinstance(pair, list) and len(pair) == 2
    }
    noted = bookkeeping(collection)
    if NAME in pairs and not _naming_parts(collection).isdisjoint(pairs):
        pairs.pop(NAME, None)
    return Parts(
        changed={name: pair for name, pair in pairs.items() if name not in noted},
        noted={name: pair for name, pair in pairs.items() if name in noted},
    )


def bookkeeping(collection: Collection) -> frozenset[str]:
    """Return the fields in which the provider notes when an item was edited."""
    connector = CONNECTORS.get(collection.connection.provider)
    if connector is None:
        return frozenset()
    try:
        with connector_boundary("bookkeeping", collection=collection.pk):
            names = connector.bookkeeping(collection.schema)
            return frozenset(f"{PREFIX}{name}" for name in names)
    except ConnectorError:
        return frozenset()


def is_only_noted(collection: Collection, fields: Pairs) -> bool:
    """Tell whether a change is none: nothing differs but when the item was edited.

    Where items have texts of their own, that is all that is told of an edit of those.
    """
    connector: object = CONNECTORS.get(collection.connection.provider)
    if not fields or isinstance(connector, ReadsContent):
        return False
    return fields.keys() <= bookkeeping(collection)


def _naming_parts(collection: Collection) -> frozenset[str]:
    return frozenset(f"{PREFIX}{name}" for name in naming_parts(collection))

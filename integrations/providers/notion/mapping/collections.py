"""Turn data sources into the collections of their rows."""

from collections.abc import Mapping
from typing import Any

from integrations.providers.notion.ids import to_id
from integrations.providers.notion.mapping.items import (
    DATA_SOURCE,
    PAGE,
    is_partial,
    is_trashed,
    title_of,
)
from integrations.providers.notion.mapping.parents import to_parent
from integrations.providers.notion.mapping.schema import to_schema
from integrations.providers.records import (
    DEFINITIONS_KEY,
    DEFINITIONS_TAG,
    SCHEMA_TAG,
    TAG_KEY,
    RemoteCollection,
)
from integrations.providers.typed import definitions


def to_collection(source: Mapping[str, Any]) -> RemoteCollection:
    """Map a data source to the collection of its rows; a hit tells its columns, too."""
    schema = to_schema(source)
    return RemoteCollection(
        remote_id=to_id(source.get("id")),
        name=title_of(source),
        item_type=PAGE,
        details={
            "database_id": to_parent(source.get("parent")).id or "",
            SCHEMA_TAG: schema[TAG_KEY],
            DEFINITIONS_TAG: definitions.tag_of(schema[DEFINITIONS_KEY]),
        },
    )


def find_collection(source: Mapping[str, Any]) -> RemoteCollection | None:
    """Return the collection behind a hit, None when it tells too little."""
    is_whole = source.get("object") == DATA_SOURCE and not is_partial(source)
    return to_collection(source) if is_whole and not is_trashed(source) else None

"""Turn Airtable's records into IntegrationItems."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from integrations.http.errors import InvalidResponse
from integrations.http.responses.shape import expect_object
from integrations.providers.airtable.ids import (
    FIELD,
    RECORD,
    is_id,
    split_key,
    to_id,
    web_url,
)
from integrations.providers.airtable.mapping.cells import is_failed, to_value
from integrations.providers.airtable.mapping.fields import MODIFIED, formats_of
from integrations.providers.airtable.mapping.values import clean
from integrations.providers.connector import CollectionContext
from integrations.providers.records import IntegrationItem
from integrations.providers.typed.plain import plain
from integrations.providers.typed.values import one_line, to_time

MAX_NAME: Final = 500


def to_item(record: dict[str, Any], collection: CollectionContext) -> IntegrationItem:
    """Map one record of a table; InvalidResponse when it is none."""
    base_id, table_id = split_key(collection.remote_id)
    remote_id = to_id(record.get("id"), RECORD)
    properties = _to_properties(record)
    return IntegrationItem(
        id=remote_id,
        type="record",
        name=_to_name(properties, collection.schema) or f"Record {remote_id}",
        parent_id=table_id,
        parent_path_or_name=collection.name,
        creation_time=to_time(record.get("createdTime")),
        last_modified_time=_to_modified(properties, collection.schema),
        url=web_url(base_id, table_id, remote_id),
        properties=properties,
    )


def _to_properties(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells that are not empty, by the ids of their fields.

    Keys that are no ids mean that the answer is not to the question that was asked.
    """
    cells = expect_object(record.get("fields"), "fields")
    if not all(is_id(name, FIELD) for name in cells):
        raise InvalidResponse("fields: expected ids of fields for keys")
    return {name: clean(value) for name, value in cells.items()}


def _to_name(properties: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return the primary field in words: it may be of any type, empty or failing."""
    primary = str(schema.get("primary") or "")
    value = properties.get(primary)
    if is_failed(value):
        return ""
    typed = to_value(value, formats_of(schema).get(primary, {}))
    return one_line(plain(typed) if typed is not None else "", limit=MAX_NAME)


def _to_modified(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> datetime | None:
    """Return the latest of what fields of this purpose say; a record says nothing.

    Such a field may watch some fields only, so this is the earliest it can be.
    """
    times = [
        at
        for name, told in formats_of(schema).items()
        if told.get("type") == MODIFIED
        and (at := to_time(properties.get(name))) is not None
    ]
    return max(times, default=None)

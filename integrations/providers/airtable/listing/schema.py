"""Read the fields of a table: their names, types and ways of being written."""

from typing import Any

from integrations.http.client import ApiClient
from integrations.http.errors import Forbidden, InvalidResponse
from integrations.providers.airtable.api.bases import Table, fetch_tables
from integrations.providers.airtable.api.classify import NO_LONGER_SHARED
from integrations.providers.airtable.ids import STRUCTURE, split_key
from integrations.providers.airtable.listing import structure
from integrations.providers.airtable.mapping.fields import colours, to_field
from integrations.providers.connector import CollectionContext
from integrations.providers.records import (
    COLOURS_KEY,
    DEFINITIONS_KEY,
    FIELDS_KEY,
    TAG_KEY,
)


def fetch_schema(api: ApiClient, collection: CollectionContext) -> dict[str, Any]:
    """Return fields and formats of one table; Forbidden when it is not there.

    Airtable does not tell a deleted table from one that is not shared any more. While
    some tables of the base cannot be read, this may be one of them: InvalidResponse.
    """
    if collection.remote_id == STRUCTURE:
        return structure.fetch_schema()
    base_id, table_id = split_key(collection.remote_id)
    tables = fetch_tables(api, base_id)
    for table in tables.known:
        if table.id == table_id:
            return to_schema(base_id, table)
    if tables.left_out:
        raise InvalidResponse("Airtable did not tell the fields of this table")
    raise Forbidden(NO_LONGER_SHARED)


def to_schema(base_id: str, table: Table) -> dict[str, Any]:
    """Return what is kept of a table's definition, the primary field first."""
    known = [each for entry in table.fields if (each := to_field(entry)) is not None]
    primary = table.primary_field_id
    known.sort(key=lambda each: each[0].name != primary)
    return {
        "base_id": base_id,
        "table_id": table.id,
        "primary": primary,
        TAG_KEY: structure.tag_of(table),
        FIELDS_KEY: [spec.to_json() for spec, _ in known],
        COLOURS_KEY: colours(table.fields),
        DEFINITIONS_KEY: table.definitions.of_table(table.fields, primary),
        "formats": {spec.name: told for spec, told in known},
    }

"""Refuse rows that stand in the listing of a table but belong to another."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from integrations.http.client import ApiClient
from integrations.providers.airtable.api.bases import read_tables, tables_path
from integrations.providers.airtable.api.limits import base_limits
from integrations.providers.airtable.ids import split_key
from integrations.providers.airtable.mapping.fields import formats_of
from integrations.providers.connector import CollectionContext
from integrations.providers.records import IntegrationItem


def leave_out_foreign(
    api: ApiClient, items: Sequence[IntegrationItem], collection: CollectionContext
) -> list[IntegrationItem]:
    """Return the records that have a field of this table, or no values at all.

    A record that has none may have a field that is younger than the stored schema,
    so Airtable is asked for the fields before it is refused.
    """
    known = set(formats_of(collection.schema))
    if not known or not strangers(items, known):
        return list(items)
    known |= _fetch_fields(api, collection)
    refused = strangers(items, known)
    return [item for item in items if item.id not in refused]


def strangers(items: Iterable[IntegrationItem], known: Collection[str]) -> set[str]:
    """Return the ids of records with values of which none is of a known field."""
    return {item.id for item in items if _is_foreign(item.properties, known)}


def _is_foreign(properties: Mapping[str, Any], known: Collection[str]) -> bool:
    return bool(properties) and not any(name in known for name in properties)


def _fetch_fields(api: ApiClient, collection: CollectionContext) -> set[str]:
    """Return the ids of the fields that the table has now, whatever it had before."""
    base_id, table_id = split_key(collection.remote_id)
    answer = api.get(tables_path(base_id), limits=base_limits(api, base_id))
    return {
        str(field.get("id"))
        for table in read_tables(answer).known
        if table.id == table_id
        for field in table.fields
    }

"""Read which records a record links to."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from integrations.providers.airtable.ids import table_key
from integrations.providers.airtable.mapping.cells import linked_ids
from integrations.providers.links import RemoteLink

LINKED_RECORDS: Final = "multipleRecordLinks"


def to_links(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[RemoteLink]:
    """Yield the links of the fields that hold links, in the order of their cells.

    Lookups repeat what the linked records link to, and are left out.
    """
    formats = schema.get("formats")
    if not isinstance(formats, dict):
        return
    for name, cell in properties.items():
        told = formats.get(name)
        if not isinstance(told, dict) or told.get("type") != LINKED_RECORDS:
            continue
        base_id, table_id = schema.get("base_id"), told.get("table")
        is_told = bool(base_id and table_id)
        target = table_key(str(base_id), str(table_id)) if is_told else ""
        for position, linked in enumerate(linked_ids(cell)):
            yield RemoteLink(
                relation=name,
                target_id=linked,
                target_collection=target,
                position=position,
            )

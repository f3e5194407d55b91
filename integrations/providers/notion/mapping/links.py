"""Read which pages a row is related to."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.providers.links import RemoteLink
from integrations.providers.notion.mapping.display import RELATIONS, to_value
from integrations.providers.notion.mapping.items import ABOUT
from integrations.providers.records import FieldSpec, fields_of, unknown_names
from integrations.providers.typed.fields import Relation


def to_links(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[RemoteLink]:
    """Yield the links of the columns that are relations, in their order.

    Rollups repeat what the related pages hold, and are left out. A column that is
    younger than the schema is a relation if it holds nothing but ids.
    """
    for spec in _relations(properties, schema):
        value = to_value(properties[spec.name], spec)
        if isinstance(value, Relation):
            for position, linked in enumerate(value.linked_ids):
                yield RemoteLink(
                    relation=spec.name,
                    target_id=linked,
                    target_collection=value.linked_collection,
                    position=position,
                )


def _relations(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[FieldSpec]:
    lists = {n: v for n, v in properties.items() if isinstance(v, list)}
    if not lists:
        return
    yield from (spec for spec in fields_of(lists, schema) if spec.kind in RELATIONS)
    for name in unknown_names(lists, schema):
        if not name.startswith(ABOUT):
            yield FieldSpec(name=name, label=name, kind="relation")

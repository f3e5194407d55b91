"""Describe associations, and the fields and columns that hold them."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.providers.hubspot.mapping.links import (
    HAS_MORE,
    LABELS,
    NO_PRIMARY,
    PREFIX,
)
from integrations.providers.hubspot.objects import COMPANIES, CONTACTS, OBJECT_TYPES
from integrations.providers.links import RELATION, SOURCE, TARGET
from integrations.providers.records import DisplayField, FieldSpec
from integrations.providers.typed.fields import Relation, Text, Value, to_several


def described_relations(properties: Mapping[str, Any]) -> Iterator[DisplayField]:
    """Yield the records that one is associated with; one company is its parent."""
    companies = f"{PREFIX}{COMPANIES.remote_id}"
    for each in _describe_relations(properties):
        if each.name != companies or len(properties[companies]) > 1:
            yield each


def describe_links(properties: Mapping[str, Any]) -> list[DisplayField]:
    """Return the records that one is associated with, by their type, and the labels.

    Where no company is primary, that is told as well.
    """
    fields = [*_describe_relations(properties), *_describe_labels(properties)]
    if properties.get(NO_PRIMARY) is True:
        none = Text(text="none")
        fields.append(
            DisplayField(name=NO_PRIMARY, label="Primary company", value=none)
        )
    return fields


def _describe_labels(properties: Mapping[str, Any]) -> Iterator[DisplayField]:
    """Yield the labels of the records that have any, each behind its record."""
    for kind in (CONTACTS, COMPANIES):
        name = f"{PREFIX}{kind.remote_id}{LABELS}"
        labels = properties.get(name)
        if not isinstance(labels, dict):
            continue
        parts: list[Value] = []
        for remote_id, texts in labels.items():
            target = (str(remote_id),)
            parts.append(Relation(linked_ids=target, linked_collection=kind.remote_id))
            parts += (Text(text=str(text)) for text in texts)
        value = to_several(parts)
        if value is not None:
            yield DisplayField(
                name=name, label=f"Labels of {kind.name.lower()}", value=value
            )


def _describe_relations(properties: Mapping[str, Any]) -> list[DisplayField]:
    found = []
    for kind in (CONTACTS, COMPANIES):
        name = f"{PREFIX}{kind.remote_id}"
        ids = properties.get(name)
        if isinstance(ids, list) and ids:
            relation = Relation(
                linked_ids=tuple(map(str, ids)),
                linked_collection=kind.remote_id,
                has_more=properties.get(f"{name}{HAS_MORE}") is True,
            )
            found.append(DisplayField(name=name, label=kind.name, value=relation))
    return found


def link_fields(collection_id: str, account: Mapping[str, Any]) -> list[FieldSpec]:
    """Return the associations that may be read, as fields."""
    kind = OBJECT_TYPES.get(collection_id)
    allowed = kind.associations_for(account.get("scopes")) if kind else ()
    return [
        FieldSpec(
            name=f"{PREFIX}{each.to}",
            label=OBJECT_TYPES[each.to].name,
            kind="relation",
            options={TARGET: each.to},
            is_read_only=True,
            group="Associations",
        )
        for each in allowed
    ]


def incoming_fields(collection_id: str, account: Mapping[str, Any]) -> list[FieldSpec]:
    """Return the associations of other types with one, as fields of its own."""
    return [
        FieldSpec(
            name=f"{kind.remote_id}.{PREFIX}{collection_id}",
            label=kind.name,
            kind="incoming",
            options={SOURCE: kind.remote_id, RELATION: f"{PREFIX}{collection_id}"},
            is_read_only=True,
            group="Associations",
        )
        for kind in OBJECT_TYPES.values()
        for each in kind.associations_for(account.get("scopes"))
        if each.to == collection_id
    ]

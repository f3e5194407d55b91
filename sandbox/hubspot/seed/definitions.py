"""Describe the properties of contacts, companies and deals, and the pipelines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandbox.core.data import load
from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS, TYPES

CREATED = "2024-02-01T09:00:00Z"
DATED = {"createdAt": CREATED, "updatedAt": CREATED}
# What no read or write may name without a scope of its own.
PLAIN = "non_sensitive"
DEFAULTS = {
    CONTACTS: "createdate email firstname lastname hs_object_id lastmodifieddate",
    COMPANIES: "name domain createdate hs_lastmodifieddate hs_object_id",
    DEALS: (
        "dealname amount closedate pipeline dealstage createdate"
        " hs_lastmodifieddate hs_object_id"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Definition:
    """The definition of one property."""

    name: str
    label: str
    type: str = "string"
    field: str = "text"
    # Pairs of value and label.
    options: Sequence[Sequence[str]] = ()
    is_read_only: bool = False
    is_calculated: bool = False
    is_unique: bool = False
    is_custom: bool = False
    is_external: bool = False
    is_archived: bool = False
    sensitivity: str = PLAIN

    @property
    def values(self) -> list[str]:
        """Return the values to choose from."""
        return [value for value, _ in self.options]

    def to_dict(self, type_name: str) -> dict[str, Any]:
        """Return the definition as the properties endpoint shows it."""
        options = [
            {"label": label, "value": value, "displayOrder": i, "hidden": False}
            for i, (value, label) in enumerate(self.options)
        ]
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field,
            "groupName": f"{type_name}information",
            "description": "" if self.is_custom else f"{self.label}.",
            "options": options,
            "calculated": self.is_calculated,
            "externalOptions": self.is_external,
            "hasUniqueValue": self.is_unique,
            "hidden": False,
            "hubspotDefined": not self.is_custom,
            "archived": self.is_archived,
            "modificationMetadata": {"readOnlyValue": self.is_read_only},
        }


_LISTED = load(__package__, "properties")
PROPERTIES = {
    type_id: [Definition(**row) for row in _LISTED[type_id] + _LISTED["shared"]]
    for type_id in TYPES
}


@cache
def get_definitions(type_id: str) -> dict[str, Definition]:
    """Return the definitions in force for one object type, by name."""
    return {d.name: d for d in PROPERTIES[type_id] if not d.is_archived}


def choose_properties(type_id: str, asked: Iterable[str]) -> list[str]:
    """Return the names that are defined and need no scope of their own."""
    known = get_definitions(type_id)
    wanted = {name.strip() for name in asked} & known.keys()
    return sorted(name for name in wanted if known[name].sensitivity == PLAIN)


def _make_entry(order: int, name: str, label: str, **more: Any) -> dict[str, Any]:
    entry = {"id": name, "label": label, "displayOrder": order, "archived": False}
    return {**entry, **DATED, **more}


def _make_stages(rows: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    stages = []
    for order, (name, label, closed, probability) in enumerate(rows):
        metadata = {"isClosed": closed, "probability": probability}
        stages.append(_make_entry(order, name, label, metadata=metadata))
    return stages


PIPELINES = [
    _make_entry(order, row["id"], row["label"], stages=_make_stages(row["stages"]))
    for order, row in enumerate(load(__package__, "pipelines"))
]

"""Describe the properties of contacts, companies and deals, and the pipelines."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandbox.core.data import load
from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS

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

    def to_dict(self, type_name: str, order: int) -> dict[str, Any]:
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
            "displayOrder": order,
            "options": options,
            "calculated": self.is_calculated,
            "externalOptions": self.is_external,
            "hasUniqueValue": self.is_unique,
            "hidden": False,
            "hubspotDefined": not self.is_custom,
            "formField": not self.is_read_only,
            "archived": self.is_archived,
            "dataSensitivity": self.sensitivity,
            **DATED,
            "modificationMetadata": {
                "archivable": self.is_custom,
                "readOnlyDefinition": not self.is_custom,
                "readOnlyValue": self.is_read_only,
            },
        }


PROPERTIES = {
    type_id: [Definition(**row) for row in rows]
    for type_id, rows in load(__package__, "properties").items()
}


@cache
def get_definitions(type_id: str) -> dict[str, Definition]:
    """Return the definitions in force for one object type, by name."""
    return {d.name: d for d in PROPERTIES[type_id] if not d.is_archived}


@cache
def choose_properties(type_id: str, asked: str) -> tuple[str, ...]:
    """Return the defined names out of a comma list; nothing asked is the default."""
    known = get_definitions(type_id)
    names = asked.split(",") if asked else DEFAULTS[type_id].split()
    wanted = {name.strip() for name in names} & known.keys()
    return tuple(sorted(name for name in wanted if known[name].sensitivity == PLAIN))


def _make_stage(
    order: int, stage_id: str, label: str, closed: str, probability: str
) -> dict[str, Any]:
    return {
        "id": stage_id,
        "label": label,
        "displayOrder": order,
        "archived": False,
        **DATED,
        "metadata": {"isClosed": closed, "probability": probability},
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


PIPELINES = [
    {
        "id": row["id"],
        "label": row["label"],
        "displayOrder": number,
        "archived": False,
        **DATED,
        "stages": [_make_stage(i, *stage) for i, stage in enumerate(row["stages"])],
    }
    for number, row in enumerate(load(__package__, "pipelines"))
]

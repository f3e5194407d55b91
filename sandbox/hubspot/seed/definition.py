"""Say what one property is and how the properties endpoint shows it."""

from dataclasses import dataclass
from typing import Any

CREATED = "2024-02-01T09:00:00Z"
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Definition:
    """Define one property."""

    name: str
    label: str
    type: str = "string"
    field: str = "text"
    options: Options = ()
    is_read_only: bool = False
    is_calculated: bool = False
    is_unique: bool = False
    is_custom: bool = False
    is_external: bool = False
    is_hidden: bool = False
    is_archived: bool = False
    sensitivity: str = "non_sensitive"

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
            "hidden": self.is_hidden,
            "hubspotDefined": not self.is_custom,
            "formField": not self.is_read_only,
            "archived": self.is_archived,
            "dataSensitivity": self.sensitivity,
            "createdAt": CREATED,
            "updatedAt": CREATED,
            "modificationMetadata": {
                "archivable": self.is_custom,
                "readOnlyDefinition": not self.is_custom,
                "readOnlyValue": self.is_read_only,
            },
        }

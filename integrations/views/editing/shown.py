"""What a form showed when it was opened, which it carries along signed."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core import signing
from django.utils import timezone
from msgspec import Struct, field

from integrations.models.accounts.preferences import to_zone
from integrations.providers.writing import Input, WritableField

SALT: Final = "edit.base"


class StaleFormError(Exception):
    """What the form showed when it was opened cannot be told any more."""


class Shown(Struct, frozen=True, kw_only=True):
    """What a form showed when it was opened: raw values, fields, and in which zone."""

    values: Mapping[str, Any]
    zone: ZoneInfo
    fields: Mapping[str, WritableField] = field(default_factory=dict)

    @classmethod
    def now(
        cls, values: Mapping[str, Any], fields: Mapping[str, WritableField]
    ) -> "Shown":
        """Return what a form shows that is opened now."""
        key = getattr(timezone.get_current_timezone(), "key", "UTC")
        zone = to_zone(str(key)) or ZoneInfo("UTC")
        return cls(values=values, zone=zone, fields=fields)

    @classmethod
    def read(cls, signed: str) -> "Shown":
        """Return what a form carried along; raise StaleFormError for nothing."""
        try:
            told = signing.loads(signed, salt=SALT)
            zone = to_zone(str(told["zone"]))
            values = dict(told["values"])
            fields = {
                name: WritableField(name=name, label=label, input=Input(kind))
                for name, (label, kind) in told.get("fields", {}).items()
            }
        except (signing.BadSignature, ValueError, TypeError, KeyError) as exc:
            raise StaleFormError from exc
        return cls(values=values, zone=zone or ZoneInfo("UTC"), fields=fields)

    def sign(self) -> str:
        """Return what the form carries along, which nobody can alter."""
        fields = {name: [each.label, each.input] for name, each in self.fields.items()}
        told = {"values": dict(self.values), "zone": self.zone.key, "fields": fields}
        return signing.dumps(told, salt=SALT, compress=True)

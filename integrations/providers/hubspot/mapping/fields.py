"""Turn a property definition into a FieldSpec: its label, kind and options."""

from typing import Any

from integrations.providers.fields import CURRENCY_PROPERTY
from integrations.providers.hubspot.objects import DEALS, ObjectType
from integrations.providers.records import FieldSpec

MAX_OPTIONS = 1000
MAX_LABEL = 200

_KIND_BY_NAME = {
    "email": "email",
    "phone": "phone",
    "mobilephone": "phone",
    "fax": "phone",
    "website": "link",
    "domain": "link",
    "amount": "money",
    "annualrevenue": "money",
    "hs_object_id": "text",
    "hubspot_owner_id": "user",
}
_KIND_BY_DEAL_NAME = {"pipeline": "pipeline", "dealstage": "stage"}
_KIND_BY_HINT = {
    "currency": "money",
    "duration": "duration",
    "percentage": "percent",
    "probability": "percent",
    "unformatted": "text",
    "email": "email",
    "phone_number": "phone",
    "physical_address": "text",
    "domain_name": "link",
}
_KIND_BY_TYPE = {
    "number": "number",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "enumeration": "choice",
    "phone_number": "phone",
}


def to_field(entry: object, kind: ObjectType) -> FieldSpec | None:
    """Return what is to know of one property, or None for an odd definition.

    The list of types is open, so that an unknown one is shown as text.
    """
    if not isinstance(entry, dict) or entry.get("archived") is True:
        return None
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        return None
    label = entry.get("label")
    return FieldSpec(
        name=name,
        label=label[:MAX_LABEL] if isinstance(label, str) and label else name,
        kind=_to_kind(name, entry, kind),
        options=_to_options(entry.get("options")) | _currency_property(entry),
        is_hidden=entry.get("hidden") is True,
        is_read_only=_is_read_only(entry),
    )


def _to_kind(name: str, entry: dict[str, Any], kind: ObjectType) -> str:
    if kind is DEALS and name in _KIND_BY_DEAL_NAME:
        return _KIND_BY_DEAL_NAME[name]
    if name in _KIND_BY_NAME:
        return _KIND_BY_NAME[name]
    if entry.get("referencedObjectType") == "OWNER":
        return "user"
    if entry.get("showCurrencySymbol") is True:
        return "money"
    for hint in (entry.get("numberDisplayHint"), entry.get("textDisplayHint")):
        if isinstance(hint, str) and hint in _KIND_BY_HINT:
            return _KIND_BY_HINT[hint]
    if entry.get("type") == "enumeration" and entry.get("fieldType") == "checkbox":
        return "choices"
    if entry.get("fieldType") == "html":
        return "html"
    return _KIND_BY_TYPE.get(str(entry.get("type")), "text")


def _to_options(options: object) -> dict[str, str]:
    """Map the values of a choice to their labels; hidden ones still occur in data."""
    labels: dict[str, str] = {}
    if not isinstance(options, list):
        return labels
    for option in options[:MAX_OPTIONS]:
        if not isinstance(option, dict):
            continue
        value, label = option.get("value"), option.get("label")
        if isinstance(value, str) and isinstance(label, str) and label:
            labels[value] = label[:MAX_LABEL]
    return labels


def _currency_property(entry: dict[str, Any]) -> dict[str, str]:
    name = entry.get("currencyPropertyName")
    return {CURRENCY_PROPERTY: name} if isinstance(name, str) and name else {}


def _is_read_only(entry: dict[str, Any]) -> bool:
    metadata = entry.get("modificationMetadata")
    locked = isinstance(metadata, dict) and metadata.get("readOnlyValue") is True
    return locked or entry.get("calculated") is True

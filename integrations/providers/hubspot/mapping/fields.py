"""Turn a property definition into a FieldSpec: its label, kind and options."""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from integrations.providers.hubspot.objects import DEALS, ObjectType
from integrations.providers.records import FieldSpec, tell_apart
from integrations.providers.typed.definitions import fingerprint
from integrations.providers.typed.fields import CURRENCY_PROPERTY
from integrations.providers.typed.values import cut

# https://knowledge.hubspot.com/properties/property-field-types-in-hubspot
# A property has 5,000 options at most.
MAX_OPTIONS = 5000
MAX_LABEL = 200
# What helps at a field; it is kept with the schema, which every list reads.
MAX_DESCRIPTION = 500
NOT_SENSITIVE = "non_sensitive"
# So begin the field types of what HubSpot works out.
CALCULATION = "calculation_"
# These are in their deal's currency, also where a definition does not say so.
DEAL_CURRENCY = dict.fromkeys(
    (
        "amount",
        "hs_acv",
        "hs_arr",
        "hs_closed_amount",
        "hs_mrr",
        "hs_projected_amount",
        "hs_tcv",
    ),
    "deal_currency_code",
)

_KIND_BY_NAME = {
    "email": "email",
    "phone": "phone",
    "mobilephone": "phone",
    "fax": "phone",
    "website": "domain",
    "domain": "domain",
    "hs_additional_emails": "emails",
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
    "domain_name": "domain",
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

    The list of types is open, so that an unknown one is shown as text. What is
    sensitive is hidden: it is neither asked for nor shown.
    """
    if not isinstance(entry, dict) or entry.get("archived") is True:
        return None
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        return None
    label = entry.get("label")
    is_hidden = entry.get("hidden") is True or entry.get(
        "dataSensitivity", NOT_SENSITIVE
    ) not in (None, NOT_SENSITIVE)
    is_read_only = _is_read_only(entry)
    return FieldSpec(
        name=name,
        label=cut(label, MAX_LABEL) if isinstance(label, str) and label else name,
        kind=_to_kind(name, entry, kind),
        options=_to_options(entry.get("options"))
        | _currency_property(name, entry, kind),
        is_hidden=is_hidden,
        is_read_only=is_read_only,
        hint=name,
        group=_to_group(name, entry, kind),
        retired=_hidden_options(entry.get("options")),
        is_long=entry.get("fieldType") == "textarea",
        description="" if is_hidden or is_read_only else _to_description(entry),
    )


def definition_of(entry: Mapping[str, Any]) -> list[str]:
    """Return what a calculated property's values follow from, if they do.

    Of a portal's own rollups and scores no formula is told; when they were last changed
    is, by whatever.
    """
    if isinstance(formula := entry.get("calculationFormula"), str) and formula:
        return [fingerprint(formula)]
    is_own = entry.get("hubspotDefined") is not True
    if is_own and str(entry.get("fieldType")).startswith(CALCULATION):
        return [fingerprint(entry.get("updatedAt"))]
    return []


def _to_description(entry: dict[str, Any]) -> str:
    told = entry.get("description")
    return cut(told.strip(), MAX_DESCRIPTION) if isinstance(told, str) else ""


def _to_group(name: str, entry: dict[str, Any], kind: ObjectType) -> str:
    """Return the group a property is shown in: none for the object's own one.

    Only the group's name is told here, as in ``analyticsinformation``.
    """
    group = entry.get("groupName")
    is_own = name in kind.leading or group == f"{kind.item_type}information"
    if is_own or not isinstance(group, str):
        return ""
    words = group.replace("_", " ").removesuffix("information").strip()
    title = words if words == group.replace("_", " ") else f"{words} information"
    return cut(title[:1].upper() + title[1:], MAX_LABEL)


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
    if entry.get("type") == "number" and name.endswith(("_id", "_ids")):
        # It counts nothing: digits of a name are not grouped.
        return "text"
    if entry.get("fieldType") == "html":
        return "html"
    return _KIND_BY_TYPE.get(str(entry.get("type")), "text")


def in_display_order(entries: Iterable[Any]) -> list[dict[str, Any]]:
    """Return options, pipelines or stages as HubSpot shows them, odd ones left out.

    Those of the order -1 come after the others:
    https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
    """

    def place(entry: dict[str, Any]) -> float:
        told = entry.get("displayOrder")
        return float(told) if isinstance(told, int) and told >= 0 else inf

    return sorted((each for each in entries if isinstance(each, dict)), key=place)


def _to_options(options: object) -> dict[str, str]:
    """Map the values of a choice to their labels; hidden ones still occur in data.

    Two options of one label are told apart by their values.
    """
    labels: dict[str, str] = {}
    told = options[:MAX_OPTIONS] if isinstance(options, list) else ()
    for option in in_display_order(told):
        value, label = option.get("value"), option.get("label")
        if isinstance(value, str) and isinstance(label, str) and label:
            labels[value] = cut(label, MAX_LABEL)
    apart = tell_apart([(label, value) for value, label in labels.items()])
    return dict(zip(labels, apart, strict=True))


def _hidden_options(options: object) -> list[str]:
    """Return the values that HubSpot's own forms do not offer."""
    return [
        str(option.get("value"))
        for option in (options[:MAX_OPTIONS] if isinstance(options, list) else ())
        if isinstance(option, dict) and option.get("hidden") is True
    ]


def _currency_property(
    name: str, entry: dict[str, Any], kind: ObjectType
) -> dict[str, str]:
    told = entry.get("currencyPropertyName")
    usual = DEAL_CURRENCY.get(name) if kind is DEALS else None
    found = told if isinstance(told, str) and told else usual
    return {CURRENCY_PROPERTY: found} if found else {}


def _is_read_only(entry: dict[str, Any]) -> bool:
    metadata = entry.get("modificationMetadata")
    locked = isinstance(metadata, dict) and metadata.get("readOnlyValue") is True
    return locked or entry.get("calculated") is True

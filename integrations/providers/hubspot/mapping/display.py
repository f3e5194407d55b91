"""Turn raw property values into what a person reads."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from integrations.providers.records import DisplayField, FieldSpec
from integrations.providers.values import to_time

# Longer numbers are identifiers or nonsense: they are shown as they came.
MAX_DIGITS: Final = 24
LOOKUP_BY_KIND: Final = {"person": "owner", "pipeline": "pipeline", "stage": "stage"}

Context = tuple[FieldSpec, Mapping[str, Any], Mapping[str, Any]]


def describe(
    properties: Mapping[str, Any],
    schema: Mapping[str, Any],
    account: Mapping[str, Any],
) -> list[DisplayField]:
    """Return the properties that have a value, labelled, in the schema's order."""
    lookups = schema.get("lookups") or {}
    shown = []
    for spec in _visible_fields(properties, schema):
        context = _account_for(spec, properties, account)
        value = display(properties.get(spec.name), spec, lookups, context)
        if value:
            shown.append(
                DisplayField(
                    name=spec.name, label=spec.label, value=value, kind=spec.kind
                )
            )
    return shown


def display(
    value: object,
    field: FieldSpec,
    lookups: Mapping[str, Any],
    account: Mapping[str, Any],
) -> str:
    """Return ``value`` for reading; what cannot be understood is shown as it is."""
    if value is None:
        return ""
    raw = value if isinstance(value, str) else str(value)
    if field.kind in LOOKUP_BY_KIND:
        names = lookups.get(LOOKUP_BY_KIND[field.kind]) or {}
        return str(names.get(raw, raw))
    shower = _SHOWERS.get(field.kind)
    return shower(raw, field, account) if shower else raw


def _visible_fields(
    properties: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[FieldSpec]:
    """Yield the fields to show; a property younger than the schema comes last."""
    known = set()
    for entry in schema.get("fields") or ():
        spec = _to_field(entry)
        known.add(spec.name)
        if not spec.is_hidden:
            yield spec
    for name in sorted(set(properties) - known):
        if "." not in name and not name.startswith("hs_"):
            yield FieldSpec(name=name, label=name)


def _to_field(entry: Mapping[str, Any]) -> FieldSpec:
    name = str(entry.get("name", ""))
    return FieldSpec(
        name=name,
        label=str(entry.get("label") or name),
        kind=str(entry.get("kind", "text")),
        options=entry.get("options") or {},
        is_hidden=bool(entry.get("is_hidden")),
        is_read_only=bool(entry.get("is_read_only")),
    )


def _account_for(
    spec: FieldSpec, properties: Mapping[str, Any], account: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Let a deal's own currency stand before the account's, for its own amount."""
    currency = properties.get("deal_currency_code")
    if spec.name != "amount" or not isinstance(currency, str) or not currency:
        return account
    return {**account, "currency": currency}


def _show_choice(raw: str, field: FieldSpec, account: Mapping[str, Any]) -> str:
    return field.options.get(raw, raw)


def _show_choices(raw: str, field: FieldSpec, account: Mapping[str, Any]) -> str:
    values = [part for part in raw.split(";") if part]
    return ", ".join(field.options.get(value, value) for value in values)


def _show_boolean(raw: str, field: FieldSpec, account: Mapping[str, Any]) -> str:
    words = {"true": "Yes", "false": "No"} | dict(field.options)
    return words.get(raw.lower(), raw)


def _show_number(raw: str, field: FieldSpec, account: Mapping[str, Any]) -> str:
    number = _to_number(raw)
    return raw if number is None else f"{number:,f}"


def _show_percent(raw: str, field: FieldSpec, account: Mapping[str, Any]) -> str:
    number = _to_number(raw)
    return raw if number is None else f"{(number * 100).normalize():,f} %"


def _show_money(raw: str, field: FieldSpec, account: Mapping[str, Any]) -> str:
    number = _to_number(raw)
    if number is None:
        return raw
    is_whole = number == number.to_integral_value()
    return f"{number:,.{0 if is_whole else 2}f} {account.get('currency', '')}".strip()


def _show_date(raw: str, field: FieldSpec, account: Mapping[str, Any]) -> str:
    time = _to_moment(raw)
    return raw if time is None else f"{time:%Y-%m-%d}"


def _show_datetime(raw: str, field: FieldSpec, account: Mapping[str, Any]) -> str:
    time = _to_moment(raw)
    if time is None:
        return raw
    try:
        return f"{time.astimezone(_to_zone(account)):%Y-%m-%d %H:%M %Z}"
    except OverflowError:
        return raw


def _to_number(raw: str) -> Decimal | None:
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        return None
    return number if len(number.as_tuple().digits) <= MAX_DIGITS else None


def _to_moment(raw: str) -> datetime | None:
    """Read an ISO date or time; writers also leave milliseconds since 1970."""
    if raw.lstrip("-").isdecimal() and len(raw) > 8:
        try:
            return datetime.fromtimestamp(int(raw) / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return to_time(raw)


def _to_zone(account: Mapping[str, Any]) -> tzinfo:
    try:
        return ZoneInfo(str(account.get("time_zone") or "UTC"))
    except (KeyError, ValueError, OSError):
        return UTC


_SHOWERS: Final[dict[str, Callable[[str, FieldSpec, Mapping[str, Any]], str]]] = {
    "choice": _show_choice,
    "choices": _show_choices,
    "boolean": _show_boolean,
    "number": _show_number,
    "percent": _show_percent,
    "money": _show_money,
    "date": _show_date,
    "datetime": _show_datetime,
}

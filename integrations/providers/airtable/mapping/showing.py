"""Write one value the way a person reads it, by its shape and its field's format."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, tzinfo
from typing import Any, Final

from integrations.providers.airtable.mapping.fields import Format, result_of
from integrations.providers.airtable.mapping.numbers import (
    show_currency,
    show_duration,
    show_number,
    show_percent,
    show_rating,
    show_serial,
    to_number,
)
from integrations.providers.values import to_time

ERRORS: Final = {
    "#ERROR!": "Error in the formula",
    "NaN": "Not a number",
    "Infinity": "Infinite",
    "-Infinity": "Minus infinite",
    "emptyDependency": "Nothing to work on yet",
}
# https://airtable.com/developers/web/api/field-model
# Texts may mention people and records in tags of Airtable's own. The bounds keep a
# text full of tags that are never closed from taking for ever.
_MENTION: Final = re.compile(
    r"<airtable:mention\b[^>]{0,300}>(.{0,300}?)</airtable:mention>", re.DOTALL
)
MAX_JSON: Final = 1000


def show(value: object, told: Format, zone: tzinfo) -> str:
    """Return ``value`` in words; what cannot be understood is shown as it is."""
    if isinstance(value, list):
        return ", ".join(text for each in value if (text := show(each, told, zone)))
    if isinstance(value, dict):
        return _show_object(value, told, zone)
    return "" if value is None else _show_scalar(value, result_of(told), zone)


def is_failed(value: object) -> bool:
    """Tell whether a value stands for a formula, or a generator, that failed."""
    if isinstance(value, list):
        return bool(value) and all(is_failed(each) for each in value)
    return isinstance(value, dict) and bool(_error_of(value))


def _show_object(value: Mapping[str, Any], told: Format, zone: tzinfo) -> str:
    """Show an object by what it has: a file, a button, a person, a bar code."""
    if error := _error_of(value):
        return ERRORS.get(error, f"Error: {error}")
    if value.get("state") == "loading":
        return "Not generated yet"
    for key in ("filename", "label", "name", "email", "text", "value"):
        inner = value.get(key)
        if isinstance(inner, str | int | float) and inner != "":
            return _show_scalar(inner, result_of(told), zone)
    if isinstance(value.get("id"), str):
        return str(value["id"])
    # Known objects without a content are empty; unknown ones are shown as they are.
    if value.keys() & {"state", "label", "text"}:
        return ""
    return json.dumps(value, ensure_ascii=False)[:MAX_JSON] if value else ""


def _error_of(value: Mapping[str, Any]) -> str:
    for key in ("error", "specialValue", "errorType"):
        error = value.get(key)
        if isinstance(error, str) and error:
            return error
        if error:
            return "#ERROR!"
    return ""


def _show_scalar(value: object, told: Format, zone: tzinfo) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        number = to_number(value)
        shower = _NUMBERS.get(str(told.get("type")), show_number)
        return str(value) if number is None else shower(number, told)
    text = _MENTION.sub(r"\1", str(value))
    if told.get("type") in _DATES:
        return _show_date(text, told, zone)
    return text


def _show_date(text: str, told: Format, zone: tzinfo) -> str:
    """Show a date as it is, and a time in ``zone``, both in the field's own style."""
    moment = to_time(text)
    if moment is None:
        return text
    if len(text) <= len("2026-11-22"):
        return _day(moment.date(), told)
    try:
        local = moment.astimezone(zone)
    except OverflowError:
        return text
    if told.get("type") == "date":
        return _day(local.date(), told)
    is_half_day = told.get("time") == "12hour"
    clock = f"{local:%I:%M%p}".lstrip("0").lower() if is_half_day else f"{local:%H:%M}"
    return f"{_day(local.date(), told)} {clock} {local:%Z}"


def _day(day: date, told: Format) -> str:
    style = told.get("date")
    if style == "us":
        return f"{day.month}/{day.day}/{day.year}"
    if style == "european":
        return f"{day.day}/{day.month}/{day.year}"
    if style == "friendly":
        return f"{day:%B} {day.day}, {day.year}"
    # "local" would depend on who looks; this can be misread by nobody.
    return day.isoformat()


_DATES: Final = frozenset({"date", "dateTime", "createdTime", "lastModifiedTime"})
_NUMBERS: Final[Mapping[str, Callable[..., str]]] = {
    "autoNumber": show_serial,
    "currency": show_currency,
    "duration": show_duration,
    "percent": show_percent,
    "rating": show_rating,
}

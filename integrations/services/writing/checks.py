"""Checks of values that can be made before anything is sent."""

import re
from datetime import MAXYEAR, MINYEAR, date
from typing import Final

from django.utils.dateparse import parse_date, parse_datetime

from integrations.providers.writing import Input, Refusal, WritableField

MAX_TEXT: Final = 65_536
NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)
EMAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")


def mistake(field: WritableField, value: str) -> Refusal | None:
    """Return what is wrong with a value as a form takes it, as far as is known here."""
    if not value:
        return None
    if field.input is Input.NUMBER and not NUMBER.fullmatch(value.strip()):
        return Refusal.INVALID_NUMBER
    if field.input is Input.EMAIL and not EMAIL.fullmatch(value.strip()):
        return Refusal.INVALID_EMAIL
    parse = {Input.DATE: parse_date, Input.DATETIME: parse_datetime}.get(field.input)
    if parse is None:
        return None
    try:
        told = parse(value)
    except ValueError:
        return Refusal.INVALID_DATE
    return None if told and is_in_any_zone(told) else Refusal.INVALID_DATE


def is_in_any_zone(day: date) -> bool:
    """Tell whether a day or a time can be told in every zone, as years have an end."""
    return MINYEAR < day.year < MAXYEAR

"""Values of own columns: read from a form, stored as a text, typed for tables."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError

from integrations.models import Collection, OwnColumn
from integrations.providers.typed.fields import (
    Boolean,
    Choice,
    Date,
    Number,
    Text,
    User,
    Value,
)
from integrations.providers.typed.written import read_number

MOST_LENGTH: Final = 2000
MOST_NAME: Final = 200
YES: Final = "yes"
KIND = OwnColumn.Kind


def read(column: OwnColumn, text: str) -> str:
    """Return a value as it is stored, empty for none; refuses what does not fit."""
    told = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not told:
        return ""
    if column.kind == KIND.CHECK:
        return YES
    if column.kind == KIND.NUMBER:
        return _read_number(told)
    if column.kind == KIND.DATE:
        return _read_day(told)
    if column.kind == KIND.CHOICE:
        return _read_choice(column, told)
    most = MOST_NAME if column.kind == KIND.PERSON else MOST_LENGTH
    if len(told) > most:
        raise ValidationError(
            f"There can be {most:,} characters here.", code="value_too_long"
        )
    return " ".join(told.split()) if column.kind == KIND.PERSON else told


def _read_number(text: str) -> str:
    number = read_number(text)
    if number is None:
        raise ValidationError("Write a number, as in 1,250.5.", code="no_number")
    return f"{number:f}"


def _read_day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    # So that no zone moves it out of what a time can hold.
    if not date(2, 1, 1) <= day <= date(9990, 1, 1):
        raise ValidationError("Write a day, as in 2026-11-28.", code="no_day")
    return str(day)


def _read_choice(column: OwnColumn, text: str) -> str:
    wanted = text.casefold()
    found = next((o for o in column.options if o.casefold() == wanted), None)
    if found is None:
        raise ValidationError("Choose one of the choices.", code="no_choice")
    return str(found)


def to_value(
    column: OwnColumn, stored: str | None, owners: Mapping[str, str]
) -> Value | None:
    """Return a stored value typed, None for none; ``owners`` are ids by their names.

    A box that nobody ticked is a box that is not ticked.
    """
    if column.kind == KIND.CHECK:
        return Boolean(is_true=stored == YES)
    if not stored:
        return None
    if column.kind == KIND.NUMBER:
        return Number(amount=Decimal(stored))
    if column.kind == KIND.DATE:
        return Date(day=date.fromisoformat(stored))
    if column.kind == KIND.CHOICE:
        return Choice(label=stored)
    if column.kind == KIND.PERSON:
        return User(id=owners.get(stored.casefold(), ""), name=stored)
    return Text(text=stored)


def owners_of(collection: Collection) -> Mapping[str, str]:
    """Return the ids of the users that the provider names, by their names."""
    return {name.casefold(): key for key, name in _owners(collection).items()}


def owner_names(collection: Collection) -> list[str]:
    """Return the names of the users that the provider names."""
    return list(dict.fromkeys(_owners(collection).values()))


def _owners(collection: Collection) -> Mapping[str, str]:
    lookups: Any = collection.schema.get("lookups")
    owners = lookups.get("owner") if isinstance(lookups, dict) else None
    if not isinstance(owners, dict):
        return {}
    return {str(key): str(name) for key, name in owners.items()}

"""Texts of cells as values of fields: by label or value, in the way a column is meant.

What a cell does not say beyond doubt is refused, with a code.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from integrations.models.writing.import_texts import RowProblem
from integrations.providers.capabilities import WritesItems
from integrations.providers.writing import (
    SHARE_OF_ONE,
    FormValue,
    Input,
    Refusal,
    WritableField,
)
from integrations.services.writing.checks import MAX_TEXT, mistake
from integrations.services.writing.imports import formats

UTC_ZONE: Final = ZoneInfo("UTC")
TRUE: Final = frozenset({"true", "yes", "y", "1", "x", "on"})
FALSE: Final = frozenset({"false", "no", "n", "0", "off"})
SEPARATORS: Final = re.compile(r"[;,\n]")
SHORT_YEAR: Final = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{2}", re.ASCII)


class ValueRefusedError(Exception):
    """A cell that cannot be what its column is meant to be."""

    def __init__(self, code: Refusal | RowProblem) -> None:
        super().__init__(code.value)
        self.code = code


class Meaning(Struct, frozen=True, kw_only=True):
    """How the cells of one column are meant: which field, in which format and zone."""

    field: WritableField
    format: str = ""
    zone: ZoneInfo = UTC_ZONE

    @property
    def order(self) -> str:
        """Return which comes first in a date, day or month."""
        return self.format if self.format in formats.ORDERS else formats.DAY_FIRST

    @property
    def mark(self) -> str:
        """Return what begins the decimals of a number."""
        return self.format if self.format in formats.MARKS else formats.POINT


def convert(writer: WritesItems, meaning: Meaning, text: str) -> Any:
    """Return what a cell says, in the provider's own form; raise ValueRefusedError."""
    if len(text) > MAX_TEXT:
        raise ValueRefusedError(RowProblem.TOO_LONG)
    if not text:
        empty: FormValue = () if meaning.field.input is Input.CHOICES else ""
        return writer.from_form(meaning.field, empty)
    value = _READERS.get(meaning.field.input, _text)(meaning, text)
    if isinstance(value, str) and (code := mistake(meaning.field, value)):
        raise ValueRefusedError(code)
    return writer.from_form(meaning.field, value)


def _text(meaning: Meaning, text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _number(meaning: Meaning, text: str) -> str:
    is_percent = text.endswith("%") and meaning.field.unit == SHARE_OF_ONE
    digits = text.removesuffix("%") if is_percent else text
    number = formats.read_number(digits, meaning.mark)
    if number is None:
        raise ValueRefusedError(Refusal.INVALID_NUMBER)
    return _hundredth(number) if is_percent else number


def _hundredth(number: str) -> str:
    sign = "-" if number.startswith("-") else ""
    whole, _, rest = number.removeprefix("-").partition(".")
    whole = whole.zfill(3)
    return f"{sign}{whole[:-2]}.{whole[-2:]}{rest}"


def _date(meaning: Meaning, text: str) -> str:
    moment = formats.read_time(text, meaning.order)
    if moment is None:
        raise ValueRefusedError(_no_date(text))
    return moment.date().isoformat()


def _datetime(meaning: Meaning, text: str) -> str:
    moment = formats.read_time(text, meaning.order)
    if moment is None:
        raise ValueRefusedError(_no_date(text))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=meaning.zone)
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _no_date(text: str) -> Refusal | RowProblem:
    is_short = SHORT_YEAR.match(text) is not None
    return RowProblem.YEAR if is_short else Refusal.INVALID_DATE


def _boolean(meaning: Meaning, text: str) -> str:
    word = text.casefold()
    for value, words in (("true", TRUE), ("false", FALSE)):
        label = meaning.field.options.get(value, "").casefold()
        if word in words or word == label:
            return value
    raise ValueRefusedError(Refusal.INVALID)


def _choice(meaning: Meaning, text: str) -> str:
    found = find_option(meaning.field, text)
    if found is None:
        raise ValueRefusedError(Refusal.INVALID_OPTION)
    return found


def _choices(meaning: Meaning, text: str) -> tuple[str, ...]:
    # A label may have a comma in it.
    if (whole := find_option(meaning.field, text)) is not None:
        return (whole,)
    parts = [part.strip() for part in SEPARATORS.split(text)]
    chosen = dict.fromkeys(_choice(meaning, part) for part in parts if part)
    if not chosen:
        raise ValueRefusedError(Refusal.INVALID_OPTION)
    return tuple(chosen)


def find_option(field: WritableField, text: str) -> str | None:
    """Return the option that a text means: a value, else one label or alias."""
    if text in field.options:
        return text
    word = " ".join(text.split()).casefold()
    for names in (field.options, _values_by_alias(field)):
        found = {key for key, name in names.items() if name.casefold() == word}
        if len(found) == 1:
            return found.pop()
    values = {key for key in field.options if key.casefold() == word}
    return values.pop() if len(values) == 1 else None


def _values_by_alias(field: WritableField) -> Mapping[str, str]:
    return {value: alias for alias, value in field.aliases.items()}


_READERS: Final[Mapping[Input, Callable[[Meaning, str], FormValue]]] = {
    Input.NUMBER: _number,
    Input.DATE: _date,
    Input.DATETIME: _datetime,
    Input.BOOLEAN: _boolean,
    Input.CHOICE: _choice,
    Input.CHOICES: _choices,
}

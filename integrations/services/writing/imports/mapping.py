"""The columns of a file, and which field each one is: guessed, then chosen."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from integrations.models import Import
from integrations.models.accounts.preferences import to_zone
from integrations.providers.writing import Input, WritableField
from integrations.services.writing import editing
from integrations.services.writing.imports import formats
from integrations.services.writing.imports.conversion import Meaning

# What stands for the id of an item in place of a field's name.
RECORD_ID: Final = "#id"
WAYS: Final[Mapping[Input, Sequence[str]]] = {
    Input.DATE: formats.ORDERS,
    Input.DATETIME: formats.ORDERS,
    Input.NUMBER: formats.MARKS,
}


class MappingProblem(StrEnum):
    """What is wrong with a choice of fields."""

    TWICE = "twice"
    UNKNOWN = "unknown"
    FORMAT = "format"
    NO_IDENTITY = "no_identity"
    NOTHING = "nothing"


class Column(Struct, frozen=True, kw_only=True):
    """One column: its number, its heading, and the ways its values allow."""

    number: int
    heading: str
    dates: str = ""
    numbers: str = ""

    @classmethod
    def stored(cls, told: Mapping[str, Any]) -> "Column":
        """Return a column as an import holds it."""
        return cls(
            number=int(told["number"]),
            heading=str(told["heading"]),
            dates=str(told.get("dates", "")),
            numbers=str(told.get("numbers", "")),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what an import holds of it."""
        return {
            "number": self.number,
            "heading": self.heading,
            "dates": self.dates,
            "numbers": self.numbers,
        }

    def way(self, field: WritableField) -> str:
        """Return how its values are written if it is a field; ASK if none tells."""
        if field.input is Input.NUMBER:
            return self.numbers
        return self.dates if field.input in WAYS else ""


def columns_of(source: Import) -> list[Column]:
    """Return the columns of an import, in their order."""
    return [Column.stored(told) for told in source.columns]


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def guess(source: Import) -> dict[str, dict[str, str]]:
    """Return a mapping by the headings: names and labels of fields, and the id."""
    fields = editing.fields_of(source.collection)
    writer = editing.writer_of(source.connection)
    id_headings = writer.id_headings if writer else frozenset()
    known: dict[str, str] = {}
    for name, field in fields.items():
        known.setdefault(_plain(field.label), name)
    known |= {_plain(name): name for name in fields}
    found: dict[str, dict[str, str]] = {}
    taken: set[str] = set()
    columns = columns_of(source)
    headings = {column.number: _plain(column.heading) for column in columns}
    for column in columns:
        name = known.get(headings[column.number], "")
        if not name and headings[column.number] in id_headings:
            name = RECORD_ID
        if name and name not in taken:
            taken.add(name)
            found[str(column.number)] = _choice(column, name, fields)
    _guess_by_part(columns, fields, headings, taken, found)
    return found


def _guess_by_part(
    columns: Sequence[Column],
    fields: Mapping[str, WritableField],
    headings: Mapping[int, str],
    taken: set[str],
    found: dict[str, dict[str, str]],
) -> None:
    """Take the first column whose heading has a part that tells a field, if none is."""
    missing = [n for n, f in fields.items() if f.heading_part and n not in taken]
    for name in missing:
        for column in columns:
            is_free = str(column.number) not in found
            if is_free and fields[name].heading_part in headings[column.number]:
                found[str(column.number)] = _choice(column, name, fields)
                break


def _choice(
    column: Column, name: str, fields: Mapping[str, WritableField]
) -> dict[str, str]:
    way = column.way(fields[name]) if name in fields else ""
    return {"field": name, "format": "" if way == formats.ASK else way}


def problems_of(source: Import) -> dict[int, MappingProblem]:
    """Return what is wrong with an import's mapping by column, -1 for the whole."""
    fields = editing.fields_of(source.collection)
    found: dict[int, MappingProblem] = {}
    taken: set[str] = set()
    for column in columns_of(source):
        choice = source.mapping.get(str(column.number)) or {}
        name = choice.get("field", "")
        if not name:
            continue
        if name != RECORD_ID and name not in fields:
            found[column.number] = MappingProblem.UNKNOWN
        elif name in taken:
            found[column.number] = MappingProblem.TWICE
        elif name in fields and _lacks_format(column, fields[name], choice):
            found[column.number] = MappingProblem.FORMAT
        taken.add(name)
    identities = {RECORD_ID, *(n for n, f in fields.items() if f.is_identity)}
    if not taken & identities:
        found[-1] = MappingProblem.NO_IDENTITY
    elif not taken - {RECORD_ID}:
        found[-1] = MappingProblem.NOTHING
    return found


def _lacks_format(
    column: Column, field: WritableField, choice: Mapping[str, str]
) -> bool:
    is_asked = column.way(field) == formats.ASK
    return is_asked and choice.get("format") not in WAYS[field.input]


class Meanings(Struct, frozen=True, kw_only=True):
    """How an import's cells are meant: the column of the id, and the other columns."""

    id_column: int | None
    columns: Mapping[int, Meaning]


def meanings_of(source: Import, fields: Mapping[str, WritableField]) -> Meanings:
    """Return the meaning of each column that is a field which is there."""
    zone = to_zone(source.zone)
    id_column: int | None = None
    columns: dict[int, Meaning] = {}
    for number, choice in source.mapping.items():
        name = choice.get("field", "")
        if name == RECORD_ID:
            id_column = int(number)
        elif name in fields:
            told = {"zone": zone} if zone else {}
            columns[int(number)] = Meaning(
                field=fields[name], format=choice.get("format", ""), **told
            )
    return Meanings(id_column=id_column, columns=columns)

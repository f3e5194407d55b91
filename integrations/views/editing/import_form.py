"""The form that matches the columns of a file with fields, and its preview."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integrations.models import Import
from integrations.models.writing.import_texts import problem_text
from integrations.providers.writing import Input, WritableField
from integrations.services.writing import editing
from integrations.services.writing.imports import checking, formats, mapping, uploads
from integrations.services.writing.imports.mapping import Column, MappingProblem
from integrations.views.editing import status

TEXTS: Final[Mapping[MappingProblem, str]] = {
    MappingProblem.TWICE: "Another column is this field already.",
    MappingProblem.UNKNOWN: "This field is not there any more.",
    MappingProblem.FORMAT: "Choose how these values are written: both ways fit.",
    MappingProblem.NO_IDENTITY: (
        "Choose the column of the field that no two have alike, or that of the record"
        " ID: by it each row finds what is there already."
    ),
    MappingProblem.NOTHING: "Choose at least one field besides the record ID.",
}
WAYS: Final = {
    formats.DAY_FIRST: "Day first: 31/12/2026",
    formats.MONTH_FIRST: "Month first: 12/31/2026",
    formats.POINT: "1,234.5 with a decimal point",
    formats.COMMA: "1.234,5 with a decimal comma",
}
IGNORED: Final = "Leave out"
RECORD_ID: Final = "Record ID"


@dataclass(kw_only=True)
class MappingForm:
    """The choices of an import, as they are stored or were sent."""

    source: Import

    def __post_init__(self) -> None:
        """Read what is stored of the file once."""
        self.columns = mapping.columns_of(self.source)
        self.fields = editing.fields_of(self.source.collection)
        self.first_rows = uploads.first_rows(self.source)
        self.options = self._options()

    def take(self, data: QueryDict) -> None:
        """Take what was chosen; whether it can be is for ``errors``."""
        chosen: dict[str, dict[str, str]] = {}
        for column in self.columns:
            name = data.get(f"field-{column.number}", "")
            if not name:
                continue
            way = data.get(f"format-{column.number}", "")
            field = self.fields.get(name)
            is_known = field is not None and way in mapping.WAYS.get(field.input, ())
            told = column.way(field) if field is not None else ""
            default = "" if told == formats.ASK else told
            chosen[str(column.number)] = {
                "field": name[:200],
                "format": way if is_known else default,
            }
        self.source.mapping = chosen
        self.source.clears_empty = data.get("empty") == "clear"

    def errors(self) -> dict[int, str]:
        """Return what is wrong with the choices by column, -1 for the whole."""
        problems = mapping.problems_of(self.source)
        return {number: TEXTS[problem] for number, problem in problems.items()}

    def rows(self, errors: Mapping[int, str]) -> Iterator[dict[str, Any]]:
        """Yield what the form shows of each column."""
        for column in self.columns:
            choice = self.source.mapping.get(str(column.number)) or {}
            field = self.fields.get(choice.get("field", ""))
            yield {
                "number": column.number,
                "heading": column.heading,
                "options": self._chosen(choice.get("field", "")),
                "ways": self._ways(column, field, choice),
                "samples": self._samples(column),
                "error": errors.get(column.number, ""),
            }

    def _options(self) -> SafeString:
        """Return the options of every column: they are many, and made once."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, field in self.fields.items():
            groups.setdefault(field.group, []).append((name, field.label))
        first = [("", IGNORED), (mapping.RECORD_ID, RECORD_ID), *groups.pop("", [])]
        return format_html(
            "{}{}",
            _options_of(first),
            format_html_join(
                "",
                '<optgroup label="{}">{}</optgroup>',
                ((title, _options_of(each)) for title, each in groups.items()),
            ),
        )

    def _chosen(self, name: str) -> SafeString:
        option = format_html('<option value="{}"', name)
        return SafeString(self.options.replace(option, f"{option} selected", 1))

    def _ways(
        self,
        column: Column,
        field: WritableField | None,
        choice: Mapping[str, str],
    ) -> list[tuple[str, str, bool]]:
        """Return the ways to choose from where the values leave it open."""
        if field is None or column.way(field) != formats.ASK:
            return []
        chosen = choice.get("format", "")
        ways = mapping.WAYS[field.input]
        return [
            ("", "Choose", chosen not in ways),
            *((way, WAYS[way], way == chosen) for way in ways),
        ]

    def _samples(self, column: Column) -> list[str]:
        cells = [
            cells[column.number]
            for _, cells in self.first_rows
            if column.number < len(cells) and cells[column.number]
        ]
        return list(dict.fromkeys(cells))[:2]

    def preview(self) -> dict[str, Any]:
        """Return what the first rows become, by the choices as they are."""
        writer = editing.writer_of(self.source.connection)
        meanings = mapping.meanings_of(self.source, self.fields)
        if writer is None or not meanings.columns:
            return {}
        shown = []
        for number, cells in self.first_rows:
            values, problems = checking.read_cells(
                writer, meanings, cells, clears_empty=self.source.clears_empty
            )
            told = {each[0]: problem_text(each) for each in problems}
            texts = status.texts(self.source.collection, values)
            row = [
                {
                    "text": texts.get(meaning.field.name, ""),
                    "error": told.get(column, ""),
                    "cell": cells[column] if column < len(cells) else "",
                    "is_cleared": values.get(meaning.field.name) == "",
                }
                for column, meaning in meanings.columns.items()
            ]
            shown.append({"number": number, "cells": row})
        labels = [meaning.field.label for meaning in meanings.columns.values()]
        return {"labels": labels, "rows": shown}


def _options_of(options: list[tuple[str, str]]) -> SafeString:
    return format_html_join("", '<option value="{}">{}</option>', options)


def zone_matters(source: Import) -> bool:
    """Tell whether any column is a moment, which is in some time zone."""
    fields = editing.fields_of(source.collection)
    names = (choice.get("field", "") for choice in source.mapping.values())
    return any(fields[n].input is Input.DATETIME for n in names if n in fields)

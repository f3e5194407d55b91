"""The form of an item: a control for each field, and what of it was changed."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.http.observability import steering
from integrations.models.writing.import_texts import REFUSALS, refusal_text
from integrations.providers.capabilities import WritesItems
from integrations.providers.writing import (
    FormValue,
    Input,
    Refusal,
    WritableField,
)
from integrations.services.writing.checks import is_in_any_zone, mistake
from integrations.views.editing.controls import control_of, show_lost_options
from integrations.views.editing.shown import Shown

PREFIX: Final = "p."
# What is said of a field is folded when it is longer.
FOLDED: Final = 200


class ItemForm(forms.Form):
    """Take the values of an item.

    Only what differs from what the form showed is a change: what a control rounds,
    or a browser writes another way, is not.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    base = forms.CharField(widget=forms.HiddenInput, strip=False)

    def __init__(
        self,
        data: Any = None,
        *,
        writer: WritesItems,
        fields: Mapping[str, WritableField],
        shown: Shown,
        typed: Mapping[str, Any] | None = None,
        refused: Mapping[str, Any] | None = None,
        is_new: bool = False,
    ) -> None:
        self.writer, self.writable, self.shown = writer, fields, shown
        self.refused, self.is_new = refused or {}, is_new
        super().__init__(data, label_suffix="")
        self.initial = {"key": uuid4(), "base": shown.sign()}
        for name, field in fields.items():
            value = self._show(field, shown.values.get(name))
            control = control_of(field, value, is_required=is_new and field.is_identity)
            self.fields[PREFIX + name] = control
            fresh = value if typed is None or name not in typed else typed[name]
            if fresh is not value:
                fresh = self._show(field, fresh)
            self.initial[PREFIX + name] = list(fresh) if _is_many(fresh) else fresh
            if isinstance(control, forms.ChoiceField):
                chosen = self._sent(name, field) if self.is_bound else fresh
                show_lost_options(control, field, chosen)

    def _show(self, field: WritableField, raw: Any) -> FormValue:
        """Return a value as its control shows it."""
        value = self.writer.to_form(field, raw)
        if not isinstance(value, str):
            return value
        if field.input is Input.DATETIME and (at := _time(value)) is not None:
            local = at.astimezone(self.shown.zone)
            exact = "seconds" if local.second else "minutes"
            return local.replace(tzinfo=None).isoformat(timespec=exact)
        # A page would draw what steers, and send the drawing back.
        return steering.without(value)

    def clean(self) -> dict[str, Any]:
        """Check what can be known before anything is sent."""
        cleaned = super().clean() or {}
        for lost, told in self._typed_into_lost():
            text = f"{lost.label}: {REFUSALS[Refusal.UNKNOWN_FIELD]}"
            self.add_error(None, f"{text} You typed: {told}" if told else text)
        for name, field in self.writable.items():
            value = cleaned.get(PREFIX + name)
            text = value if isinstance(value, str) else ""
            # What was odd before may stay as it is.
            if (code := mistake(field, text)) and self._is_changed(name, text):
                self.add_error(PREFIX + name, REFUSALS[code])
        return cleaned

    def _typed_into_lost(self) -> Iterator[tuple[WritableField, str]]:
        """Yield the fields that were typed into and are not there any more."""
        for name, each in self.shown.fields.items():
            if name in self.writable or PREFIX + name not in self.data:
                continue
            value = typed(self._sent(name, each))
            if not _is_alike(value, self._show(each, self.shown.values.get(name))):
                yield each, value if isinstance(value, str) else ", ".join(value)

    def _sent(self, name: str, control: WritableField) -> Any:
        data = self.data
        if control.input is Input.CHOICES and isinstance(data, QueryDict):
            return data.getlist(PREFIX + name)
        return data.get(PREFIX + name)

    def _is_changed(self, name: str, value: FormValue) -> bool:
        field = self.writable[name]
        return not _is_alike(value, self._show(field, self.shown.values.get(name)))

    def changes(self) -> dict[str, Any]:
        """Return the changed values in the provider's own form."""
        changed = {}
        for name, field in self.writable.items():
            if PREFIX + name not in self.cleaned_data:
                continue
            value = typed(self.cleaned_data[PREFIX + name])
            if self._is_changed(name, value):
                changed[name] = self.to_raw(field, value)
        return changed

    def to_raw(self, field: WritableField, value: FormValue) -> Any:
        """Return what was typed in, in the provider's own form."""
        return self.writer.from_form(field, self._to_utc(field, value))

    def _to_utc(self, field: WritableField, value: FormValue) -> FormValue:
        if field.input is not Input.DATETIME or not isinstance(value, str) or not value:
            return value
        at = parse_datetime(value)
        if at is None:
            return value
        local = at.replace(tzinfo=self.shown.zone)
        return local.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def sections(self, opened: str = "") -> list[dict[str, Any]]:
        """Return the fields by group; those with an error, or asked for, are open."""
        groups: dict[str, list[dict[str, Any]]] = {"": []}
        for name, field in self.writable.items():
            groups.setdefault(field.group, []).append(self._row(name, field, opened))
        return [
            {
                "title": title,
                "rows": rows,
                "is_open": any(row["errors"] or row["is_asked"] for row in rows),
            }
            for title, rows in groups.items()
            if rows
        ]

    def _row(self, name: str, field: WritableField, opened: str) -> dict[str, Any]:
        bound = self[PREFIX + name]
        errors = [*bound.errors, *self._refusal(name)]
        help_text, description = self._help(field), field.description
        notes = {"error": errors, "help": help_text or description}
        described_by = " ".join(f"field-{name}-{key}" for key in notes if notes[key])
        is_group = field.input is Input.CHOICES
        if described_by and not is_group:
            bound.field.widget.attrs["aria-describedby"] = described_by
        return {
            "id": f"field-{name}",
            "name": name,
            "label": field.label,
            "bound": bound,
            "errors": errors,
            "is_asked": name == opened,
            "is_group": is_group,
            "is_required": bound.field.required,
            "help": help_text,
            "description": description,
            "is_folded": len(description) > FOLDED,
            "described_by": described_by,
        }

    def _refusal(self, name: str) -> Iterator[str]:
        text = refusal_text(self.refused.get(name))
        if not self.is_bound and text:
            yield text

    def _help(self, field: WritableField) -> str:
        if field.input is Input.DATETIME:
            return f"In the time zone {self.shown.zone.key}."
        return f"In: {field.unit}." if field.unit else ""

    def other_refusals(self) -> list[str]:
        """Return what was refused of fields that are not in the form."""
        return [
            f"{name}: {text}"
            for name in self.refused
            if name not in self.writable
            for text in self._refusal(name)
        ]


def typed(value: Any) -> FormValue:
    """Return what a control took, as values are compared and sent."""
    return _lines(value) if isinstance(value, str) else tuple(value)


def _is_alike(value: FormValue, before: FormValue) -> bool:
    if _is_many(value) and _is_many(before):
        return set(value) == set(before)
    return value == before


def _is_many(value: object) -> bool:
    return isinstance(value, tuple | list)


def _lines(text: str) -> str:
    """Return a text with the line ends that a browser does not change."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _time(text: str) -> datetime | None:
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    is_told = at is not None and timezone.is_aware(at) and is_in_any_zone(at)
    return at if is_told else None

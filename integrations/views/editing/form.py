"""The form of an item: a control for each field, and what of it was changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.core import signing
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.http import steering
from integrations.models.import_texts import REFUSALS, refusal_text
from integrations.models.preferences import to_zone
from integrations.providers.capabilities import WritesItems
from integrations.providers.writing import (
    FormValue,
    Input,
    Refusal,
    WritableField,
)
from integrations.services.writing.checks import MAX_TEXT, mistake

SALT: Final = "edit.base"
PREFIX: Final = "p."
TYPES: Final[Mapping[Input, tuple[str, Mapping[str, str]]]] = {
    Input.TEXT: ("text", {}),
    Input.NUMBER: ("text", {"inputmode": "decimal"}),
    Input.EMAIL: ("email", {"autocomplete": "off"}),
    Input.PHONE: ("tel", {"autocomplete": "off"}),
    Input.LINK: ("url", {}),
    Input.DATE: ("date", {}),
    Input.DATETIME: ("datetime-local", {}),
}


class StaleFormError(Exception):
    """What the form showed when it was opened cannot be told any more."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a form showed when it was opened: raw values, and in which zone."""

    values: Mapping[str, Any]
    zone: ZoneInfo

    @classmethod
    def now(cls, values: Mapping[str, Any]) -> "Shown":
        """Return what a form shows that is opened now."""
        key = getattr(timezone.get_current_timezone(), "key", "UTC")
        return cls(values=values, zone=to_zone(str(key)) or ZoneInfo("UTC"))

    @classmethod
    def read(cls, signed: str) -> "Shown":
        """Return what a form carried along; raise StaleFormError for nothing."""
        try:
            told = signing.loads(signed, salt=SALT)
            zone = to_zone(str(told["zone"]))
            values = dict(told["values"])
        except (signing.BadSignature, ValueError, TypeError, KeyError) as exc:
            raise StaleFormError from exc
        return cls(values=values, zone=zone or ZoneInfo("UTC"))

    def sign(self) -> str:
        """Return what the form carries along, which nobody can alter."""
        told = {"values": dict(self.values), "zone": self.zone.key}
        return signing.dumps(told, salt=SALT, compress=True)


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
            control = _control(field, value, is_required=is_new and field.is_identity)
            self.fields[PREFIX + name] = control
            fresh = value if typed is None or name not in typed else typed[name]
            if fresh is not value:
                fresh = self._show(field, fresh)
            self.initial[PREFIX + name] = list(fresh) if _is_many(fresh) else fresh

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
        for name, field in self.writable.items():
            value = cleaned.get(PREFIX + name)
            text = value if isinstance(value, str) else ""
            # What was odd before may stay as it is.
            if (code := mistake(field, text)) and self._is_changed(name, text):
                self.add_error(PREFIX + name, REFUSALS[code])
        return cleaned

    def _is_changed(self, name: str, value: FormValue) -> bool:
        field = self.writable[name]
        before = self._show(field, self.shown.values.get(name))
        if _is_many(value) and _is_many(before):
            return set(value) != set(before)
        return value != before

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
        return {
            "id": f"field-{name}",
            "name": name,
            "label": field.label,
            "bound": bound,
            "errors": errors,
            "is_asked": name == opened,
            "is_group": field.input is Input.CHOICES,
            "is_required": bound.field.required,
            "help": self._help(field),
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
    return at if at is not None and timezone.is_aware(at) else None


def _control(field: WritableField, value: FormValue, *, is_required: bool) -> Any:
    """Return the control of a field; a value that is not offered can be kept."""
    attrs = {"id": f"field-{field.name}"}
    told = {"required": REFUSALS[Refusal.REQUIRED]}
    if field.input in (Input.CHOICE, Input.BOOLEAN, Input.CHOICES):
        own = value if isinstance(value, tuple) else filter(None, (value,))
        options = {**{each: each for each in own}, **field.options}
        choices = list(options.items())
        if field.input is Input.CHOICES:
            return forms.MultipleChoiceField(
                choices=choices,
                required=is_required,
                widget=forms.CheckboxSelectMultiple(attrs=attrs),
                error_messages=told,
            )
        return forms.ChoiceField(
            choices=[("", "\N{EN DASH}"), *choices],
            required=is_required,
            widget=forms.Select(attrs=attrs),
            error_messages=told,
        )
    return forms.CharField(
        required=is_required,
        strip=False,
        max_length=MAX_TEXT,
        widget=_widget(field, str(value), attrs),
        error_messages=told,
    )


def _widget(field: WritableField, value: str, attrs: dict[str, str]) -> forms.Widget:
    if field.input is Input.LONG_TEXT or "\n" in value:
        return forms.Textarea(attrs={**attrs, "rows": "4"})
    kind, more = TYPES[field.input]
    # A browser would show none of a value that its control cannot hold.
    if value and mistake(field, value):
        kind = "text"
    if field.input is Input.DATETIME and kind == "datetime-local":
        more = {**more, "step": "1" if value.count(":") == 2 else "60"}
    widget = forms.TextInput(attrs={**attrs, **more})
    widget.input_type = kind
    return widget

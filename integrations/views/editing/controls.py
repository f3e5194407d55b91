"""Controls of a form, by how a value is typed in."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from integrations.models.writing.import_texts import REFUSALS
from integrations.providers.writing import FormValue, Input, Refusal, WritableField
from integrations.services.writing.checks import MAX_TEXT, mistake

TYPES: Final[Mapping[Input, tuple[str, Mapping[str, str]]]] = {
    Input.TEXT: ("text", {}),
    Input.NUMBER: ("text", {"inputmode": "decimal"}),
    Input.EMAIL: ("email", {"autocomplete": "off"}),
    Input.PHONE: ("tel", {"autocomplete": "off"}),
    Input.LINK: ("url", {}),
    Input.DATE: ("date", {}),
    Input.DATETIME: ("datetime-local", {}),
}


def control_of(field: WritableField, value: FormValue, *, is_required: bool) -> Any:
    """Return the control of a field; a value that is not offered can be kept."""
    attrs = {"id": f"field-{field.name}"}
    told = {
        "required": REFUSALS[Refusal.REQUIRED],
        "invalid_choice": REFUSALS[Refusal.INVALID_OPTION],
    }
    if field.input in (Input.CHOICE, Input.BOOLEAN, Input.CHOICES):
        own = value if isinstance(value, tuple) else filter(None, (value,))
        kept = {each: field.former.get(each, each) for each in own}
        options = {**kept, **field.options}
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


def show_lost_options(
    control: forms.ChoiceField, field: WritableField, chosen: Any
) -> None:
    """Show what is chosen and not offered any more, which clears nothing unseen.

    It cannot be saved: whoever saves has to choose another.
    """
    values = chosen if isinstance(chosen, tuple | list) else [chosen]
    lost = [value for value in values if value and not control.valid_value(value)]
    names = {value: field.former.get(value, value) for value in lost}
    more = [(value, f"{name} (not offered any more)") for value, name in names.items()]
    control.widget.choices = [*control.widget.choices, *more]


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

"""Let a user note what they know of one record, in columns of their own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from integrations.models import Item, OwnColumn
from integrations.services.items.own_columns import load, typed, values
from integrations.views.access import UserRequest
from integrations.views.items.origins import page_of
from integrations.views.items.parts.values import show

KIND = OwnColumn.Kind
OWNERS = "owner-names"
MOST_NAMES = 500
# Whatever comes after them, these are lists of ours.
LISTS = ("/collections/", "/items/")


class OwnValuesForm(forms.Form):
    """Take the values of one record, each by the type of its column."""

    def __init__(self, *args: Any, columns: Sequence[OwnColumn], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = {column.column_id: column for column in columns}
        for name, column in self.columns.items():
            self.fields[name] = _field(column)

    def clean(self) -> dict[str, Any]:
        """Return every value as it is stored."""
        found = {}
        for name, column in self.columns.items():
            told = self.cleaned_data.get(name, "")
            text = typed.YES if told is True else str(told or "")
            try:
                found[name] = typed.read(column, text)
            except ValidationError as refused:
                self.add_error(name, refused)
        return found


def _field(column: OwnColumn) -> forms.Field:
    label = column.name
    if column.kind == KIND.CHECK:
        return forms.BooleanField(label=label, required=False)
    if column.kind == KIND.CHOICE:
        choices = [("", "None"), *((each, each) for each in column.options)]
        return forms.ChoiceField(label=label, required=False, choices=choices)
    attributes: dict[str, str] = {"autocomplete": "off"}
    widget: forms.Widget = forms.TextInput(attrs=attributes)
    if column.kind == KIND.TEXT:
        widget = forms.Textarea(attrs={"rows": 2})
    elif column.kind == KIND.DATE:
        widget = forms.TextInput(attrs={"type": "date"})
    elif column.kind == KIND.NUMBER:
        widget = forms.TextInput(attrs={**attributes, "inputmode": "decimal"})
    elif column.kind == KIND.PERSON:
        widget = forms.TextInput(attrs={**attributes, "list": OWNERS})
    return forms.CharField(label=label, required=False, max_length=4000, widget=widget)


@require_http_methods(["GET", "HEAD", "POST"])
def item_own_values(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show and store what the user has noted of one record."""
    own = Item.objects.owned_by(request.user)
    rows = own.select_related("connection", "collection")
    item = get_object_or_404(rows, uuid=pk)
    item.collection.connection = item.connection
    columns = list(OwnColumn.objects.of_collection(item.collection))
    load.load([item], columns)
    stored = item.own_values or {}
    form = OwnValuesForm(
        request.POST if request.method == "POST" else None,
        columns=columns,
        initial={c.column_id: stored.get(c.pk) or "" for c in columns},
    )
    back = _back(request, item)
    if request.method == "POST" and form.is_valid():
        told = {form.columns[name]: text for name, text in form.cleaned_data.items()}
        values.set_values(item, item.collection, told)
        messages.success(request, f"Your notes on {item.name or 'it'} are saved.")
        return redirect(back)
    _focus(form, request.GET.get("column", ""))
    names = typed.owner_names(item.collection)
    context = {
        "form": form,
        "item": item,
        "own_columns": columns,
        "owner_names": names[:MOST_NAMES],
        "has_more_names": len(names) > MOST_NAMES,
        "owner_list": OWNERS,
        "back": back,
    }
    status = 400 if form.is_bound else 200
    return render(request, "own_columns/item_own_values.html", context, status=status)


def _focus(form: OwnValuesForm, name: str) -> None:
    if name in form.fields:
        form.fields[name].widget.attrs["autofocus"] = True


def _back(request: UserRequest, item: Item) -> str:
    """Return the list that the user came from, else the item's page."""
    told = str(request.POST.get("back") or request.GET.get("back") or "")
    is_ours = url_has_allowed_host_and_scheme(told, None) and told.startswith(LISTS)
    return told if is_ours else page_of(request, item)


def own_values_of(item: Item) -> dict[str, Any]:
    """Return what an item's page shows of own columns."""
    columns = list(OwnColumn.objects.of_collection(item.collection))
    found = load.typed_values(item, item.collection, columns) if columns else {}
    return {
        "own_values": [
            {"name": c.name, "value": show(found[c.column_id])}
            for c in columns
            if c.column_id in found
        ],
        "has_own_columns": bool(columns),
    }

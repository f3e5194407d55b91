"""Make, change and delete columns of one's own beside a collection."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from integrations.forms import OwnColumnForm
from integrations.models import OwnColumn
from integrations.models.messages.wording import count_text
from integrations.services.common.errors import ProofMissingError
from integrations.services.items.own_columns import store
from integrations.views.access import UserRequest, proof_required
from integrations.views.items.tables.table import get_collection
from integrations.views.places import read_place


@require_http_methods(["GET", "HEAD", "POST"])
def own_column_list(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show the columns of the user's own beside a collection, and add one."""
    collection = get_collection(request, pk)
    form = OwnColumnForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            column = store.create(
                request.user,
                collection,
                name=told["name"],
                kind=told["kind"],
                options=_lines(told["added"]),
            )
        except ValidationError as refused:
            _add_error(form, refused)
        else:
            messages.success(request, f"The column “{column}” is there now.")
            return redirect("integrations:table", pk)
    columns = OwnColumn.objects.of_collection(collection)
    counted = columns.annotate(value_count=Count("values"))
    context = {
        "form": form,
        "collection": collection,
        # Rows that are counted so are not in the usual order by themselves.
        "own_columns": counted.order_by("created_at", "pk"),
    }
    status = 400 if form.is_bound else 200
    return render(request, "own_columns/own_column_list.html", context, status=status)


def _lines(text: str) -> list[str]:
    """Return the lines that say something."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _add_error(form: OwnColumnForm, refused: ValidationError) -> None:
    is_of_choices = refused.code in store.CHOICE_CODES
    form.add_error("added" if is_of_choices else "name", refused)


def get_column(request: UserRequest, pk: UUID) -> OwnColumn:
    """Return a column of the user's own, or answer 404."""
    return get_object_or_404(OwnColumn, pk=pk, owner=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
def own_column_edit(request: UserRequest, pk: UUID) -> HttpResponse:
    """Rename a column; rename, order, add and take away its choices."""
    column = get_column(request, pk)
    form = OwnColumnForm(
        request.POST if request.method == "POST" else None,
        initial={"name": column.name},
    )
    del form.fields["kind"]
    form.fields["added"].label = "More choices"
    if column.kind != OwnColumn.Kind.CHOICE:
        del form.fields["added"]
    if request.method == "POST" and form.is_valid():
        try:
            store.change(
                column,
                name=form.cleaned_data["name"],
                options=_read_options(request.POST, column.options),
                added=_lines(form.cleaned_data.get("added", "")),
            )
        except ValidationError as refused:
            _add_error(form, refused)
        else:
            messages.success(request, f"The column “{column}” is saved.")
            return redirect("integrations:own-column-edit", pk)
    stored = get_column(request, pk)
    context = {
        "form": form,
        "column": stored,
        "collection": store.collections_beside(stored).first(),
        "options": _options(stored.options),
    }
    status = 400 if form.is_bound else 200
    return render(request, "own_columns/own_column_edit.html", context, status=status)


def _options(options: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"number": number, "place": number + 1, "label": label}
        for number, label in enumerate(options)
    ]


def _read_options(data: QueryDict, options: Sequence[str]) -> Mapping[str, str]:
    """Return the choices by their old names, in the order of their places."""
    told = {
        old: (
            read_place(data.get(f"place-{number}", "")),
            number,
            " ".join(str(data.get(f"option-{number}", old)).split()),
        )
        for number, old in enumerate(options)
    }
    ordered = sorted(told.items(), key=lambda pair: pair[1][:2])
    return {old: new.replace("\x00", "") for old, (_, _, new) in ordered}


@require_http_methods(["GET", "HEAD", "POST"])
def own_column_delete(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask, with how many values are lost, then delete a column for good."""
    column = get_column(request, pk)
    if request.method != "POST":
        context = {
            "column": column,
            "value_count": column.values.count(),
            "collection": store.collections_beside(column).first(),
        }
        return render(request, "own_columns/own_column_delete.html", context)
    try:
        store.delete(column)
    except ProofMissingError:
        return _delete_with_values(request, column)
    messages.success(request, f"The column “{column}” is deleted.")
    return _to_columns(column)


@proof_required
def _delete_with_values(request: UserRequest, column: OwnColumn) -> HttpResponse:
    values = count_text(column.values.count(), "value")
    store.delete(column, proof=request.proof)
    messages.success(request, f"The column “{column}” is deleted with {values}.")
    return _to_columns(column)


def _to_columns(column: OwnColumn) -> HttpResponse:
    collection = store.collections_beside(column).first()
    if collection is None:
        return redirect("integrations:item-list")
    return redirect("integrations:own-column-list", collection.pk)

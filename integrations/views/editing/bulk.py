"""Edit many items at once: choose, preview, confirm, watch, cancel, undo."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from integrations.models import BulkEdit
from integrations.models.messages.wording import count_text
from integrations.services.writing import editing
from integrations.services.writing.batches import bulk, bulk_rows
from integrations.services.writing.outbox import EditingOffError, NothingToUndoError
from integrations.services.writing.undo import undoing
from integrations.views.access import UserRequest
from integrations.views.editing import bulk_status
from integrations.views.editing.bulk_form import BulkForm
from integrations.views.editing.not_allowed import not_allowed
from integrations.views.items.choosing.choice import NoRowsError
from integrations.views.items.tables.chosen import ChosenRows
from integrations.views.items.tables.table import Table

FORM = ["GET", "HEAD", "POST"]


def _bulk_edit(request: UserRequest, pk: UUID) -> BulkEdit:
    """Return a bulk edit of the user's own, or answer 404."""
    own = BulkEdit.objects.filter(connection__owner=request.user)
    rows = own.select_related("collection__connection", "undoes")
    found = get_object_or_404(rows, uuid=pk)
    found.connection = found.collection.connection
    return found


@require_POST
def bulk_edit_create(request: UserRequest, pk: UUID) -> HttpResponse:
    """Take the rows that were chosen in a table."""
    table = Table.read(request, pk)
    if not editing.is_writable(table.collection):
        raise Http404("nothing to edit")
    if not editing.can_write(table.collection):
        return not_allowed(request, table.collection)
    try:
        chosen = ChosenRows.read(request.POST, table)
        keys = chosen.keys(bulk.MOST_ROWS)
    except NoRowsError as exc:
        messages.warning(request, str(exc), extra_tags=exc.code)
        return redirect(table.query.url)
    made = bulk.draft(table.collection, keys, filters=chosen.filters, user=request.user)
    return redirect(made)


@require_http_methods(FORM)
def bulk_edit_detail(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show a bulk edit: what to choose, what it would do, or how it goes."""
    found = _bulk_edit(request, pk)
    if not found.is_draft:
        context = bulk_status.progress(found, request.GET, request.user)
        return render(request, "editing/bulk_progress.html", context)
    if not editing.can_write(found.collection):
        return not_allowed(request, found.collection)
    if request.method == "POST" or "field" in request.GET or not found.has_value:
        return _choose(request, found)
    context = bulk_status.preview(found, request.GET)
    return render(request, "editing/bulk_preview.html", context)


def _choose(request: UserRequest, found: BulkEdit) -> HttpResponse:
    """Show the form of one property, and take its value."""
    fields = bulk_rows.choosable_fields(found.collection)
    field = fields.get(request.GET.get("field", ""))
    writer = editing.writer_of(found.connection)
    form = None
    if field is not None and writer is not None:
        data = request.POST if request.method == "POST" else None
        form = BulkForm(data, writer=writer, field=field)
        if form.is_valid():
            bulk.choose(found, field, form.value())
            return redirect(found)
    context = {
        **bulk_status.head(found),
        "fields": fields.values(),
        "field": field,
        "row": form.sections()[0]["rows"][0] if form else None,
        "row_count": len(found.rows),
    }
    code = 400 if request.method == "POST" else 200
    return render(request, "editing/bulk_choose.html", context, status=code)


@require_safe
def bulk_edit_live(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show how a bulk edit goes on an open page of it."""
    found = _bulk_edit(request, pk)
    if found.is_draft:
        raise Http404("nothing goes on yet")
    context = bulk_status.progress(found, request.GET, request.user)
    context["is_live"] = True
    return render(request, "editing/bulk_live.html", context)


@require_POST
def bulk_edit_confirm(request: UserRequest, pk: UUID) -> HttpResponse:
    """Have a bulk edit done as it was previewed."""
    found = _bulk_edit(request, pk)
    if found.is_draft and not found.has_value:
        return redirect(found)
    try:
        shown = request.POST.get("shown", "")
        bulk.confirm(found, user=request.user, shown=shown)
    except bulk.PreviewChangedError:
        text = "Another value was chosen after you saw the preview. This is the latest."
        messages.warning(request, text, extra_tags="preview_changed")
    except EditingOffError:
        return not_allowed(request, found.collection)
    return redirect(found)


@require_POST
def bulk_edit_cancel(request: UserRequest, pk: UUID) -> HttpResponse:
    """Delete a draft, or discard what of a bulk edit has not been sent."""
    found = _bulk_edit(request, pk)
    if found.is_draft:
        if bulk.leave(found):
            return redirect("integrations:table", found.collection_id)
        # Another window has confirmed it meanwhile.
        return redirect(found)
    discarded = count_text(bulk.cancel(found, user=request.user), "row")
    text = f"Cancelled: {discarded} will not be changed."
    messages.success(request, text, extra_tags="cancelled")
    return redirect(found)


@require_POST
def bulk_edit_undo(request: UserRequest, pk: UUID) -> HttpResponse:
    """Take the old values back, as a bulk edit of its own."""
    found = _bulk_edit(request, pk)
    try:
        return redirect(undoing.undo(found, user=request.user))
    except EditingOffError:
        return not_allowed(request, found.collection)
    except NothingToUndoError:
        text = "It cannot be undone any more: something newer is there."
        messages.warning(request, text, extra_tags="nothing_to_undo")
    return redirect(found)

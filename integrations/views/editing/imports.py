"""Pages of an import: upload a file, match its columns, check it, watch it run."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import (
    Http404,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from integrations.models import Collection, Edit, Import, ImportRow
from integrations.models.writing.import_texts import FileProblem, file_text
from integrations.services.common import audit
from integrations.services.writing import editing
from integrations.services.writing.imports import (
    csv_file,
    jobs,
    results,
    undoing,
    uploads,
)
from integrations.views import paging
from integrations.views.access import UserRequest, get_collection
from integrations.views.editing import import_rows, status, waits
from integrations.views.editing.import_form import MappingForm, zone_matters
from integrations.views.editing.not_allowed import not_allowed

FORM = ["GET", "HEAD", "POST"]
LISTED: Final = 20
RowState = ImportRow.State


def _collection(request: UserRequest, pk: UUID) -> Collection:
    collection = get_collection(request, pk)
    if not editing.is_writable(collection):
        raise Http404("nothing to import")
    return collection


def get_import(request: UserRequest, pk: UUID) -> Import:
    """Return an import of the user's own connections, or answer 404."""
    rows = Import.objects.filter(connection__owner=request.user).select_related(
        "connection", "collection__connection", "created_by", "undoing"
    )
    return get_object_or_404(rows, pk=pk)


@require_http_methods(FORM)
def import_create(request: UserRequest, pk: UUID) -> HttpResponse:
    """Take a file in, and show the earlier ones."""
    collection = _collection(request, pk)
    connection = collection.connection
    if not editing.can_write(collection):
        return not_allowed(request, collection)
    problem = ""
    if request.method == "POST":
        try:
            source = _upload(request, collection)
        except csv_file.FileRefusedError as exc:
            problem = file_text(exc.problem, exc.number)
        else:
            return redirect("integrations:import-mapping", source.pk)
    context = {
        "collection": collection,
        "connection": connection,
        "problem": problem,
        "imports": collection.imports.all()[:LISTED],
        "has_more_imports": collection.imports.count() > LISTED,
        "most_bytes": csv_file.MAX_BYTES,
        "most_rows": csv_file.MAX_ROWS,
        "too_large": file_text(FileProblem.TOO_LARGE, csv_file.MAX_BYTES >> 20),
        "days": Import.KEPT.days,
    }
    code = 400 if problem else 200
    return render(request, "editing/import_create.html", context, status=code)


def _upload(request: UserRequest, collection: Collection) -> Import:
    sent = request.FILES.get("file")
    if sent is None:
        raise csv_file.FileRefusedError(FileProblem.MISSING)
    if (sent.size or 0) > csv_file.MAX_BYTES:
        megabytes = csv_file.MAX_BYTES >> 20
        raise csv_file.FileRefusedError(FileProblem.TOO_LARGE, megabytes)
    name = str(sent.name or "")
    return uploads.upload(collection, sent.read(), file_name=name, user=request.user)


@require_http_methods(FORM)
def import_mapping(request: UserRequest, pk: UUID) -> HttpResponse:
    """Match the columns of a file with fields, and have it checked."""
    source = get_import(request, pk)
    if source.state != Import.State.MAPPING:
        return redirect(source)
    form, errors = MappingForm(source=source), {}
    if request.method == "POST":
        form.take(request.POST)
        zone = timezone.get_current_timezone()
        source.zone = str(getattr(zone, "key", "UTC"))
        source.save(update_fields=["mapping", "clears_empty", "zone"])
        errors = form.errors()
        if request.POST.get("action") == "check" and not errors:
            jobs.start_check(source)
            return redirect(source)
    context = {
        "source": source,
        "connection": source.connection,
        "columns": list(form.rows(errors)),
        "errors": errors,
        "whole_error": errors.get(-1, ""),
        "preview": form.preview(),
        "zone": source.zone if zone_matters(source) else "",
    }
    code = 400 if errors and request.POST.get("action") == "check" else 200
    return render(request, "editing/import_mapping.html", context, status=code)


@require_safe
def import_detail(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show how an import goes, and what each of its rows does."""
    source = get_import(request, pk)
    if source.state == Import.State.MAPPING:
        return redirect("integrations:import-mapping", source.pk)
    return render(request, "editing/import_detail.html", _context(request, source))


@require_safe
def import_live(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what has changed on an open page of an import."""
    context = {**_context(request, get_import(request, pk)), "is_live": True}
    return render(request, "editing/import_live.html", context)


def _context(request: UserRequest, source: Import) -> dict[str, Any]:
    wanted = request.GET.get("state", "")
    wanted = wanted if wanted in RowState.values else ""
    rows = source.rows.select_related("item", "edit__connection", "edit__collection")
    found = rows.filter(state=wanted) if wanted else rows
    kept = {"state": wanted} if wanted else {}
    shown = paging.make_context(request.GET, found, kept=kept)
    page = shown["page"]
    query = urlencode({**kept, "page": page.number})
    return {
        **shown,
        **_progress(source),
        "undo_count": undoing.count(source, request.user),
        "wanted": wanted,
        "rows": list(import_rows.rows_of(source, list(page.object_list))),
        "live_url": f"{reverse('integrations:import-live', args=(source.pk,))}?{query}",
    }


def _progress(source: Import) -> dict[str, Any]:
    counts = results.counts_of(source)
    total = sum(counts.values())
    read = counts.get(RowState.READ, 0) + counts.get(RowState.CONVERTED, 0)
    unsettled = sum(counts.get(state, 0) for state in ImportRow.UNSETTLED)
    left = read if source.state == Import.State.CHECKING else unsettled
    # What its user has decided on is sent after its end.
    is_live = source.is_open or counts.get(RowState.SENT, 0)
    return {
        "source": source,
        "connection": source.connection,
        "counts": [
            {
                "state": state,
                "label": RowState(state).label,
                "count": count,
                "tone": import_rows.TONES.get(RowState(state), "idle"),
            }
            for state, count in counts.items()
        ],
        "total": total,
        "done": total - left,
        "todo": sum(counts.get(state, 0) for state in ImportRow.TO_SEND),
        "refused": counts.get(RowState.INVALID, 0) + counts.get(RowState.REFUSED, 0),
        "wait": _wait(source) if source.is_open else None,
        "kept_until": jobs.kept_until(source),
        "live_seconds": status.SECONDS_BUSY if is_live else 0,
    }


def _wait(source: Import) -> waits.Wait | None:
    """Return what holds an import up; one that is being checked waits for nothing."""
    if source.state == Import.State.CHECKING:
        return None
    edits = Edit.objects.filter(imported_rows__source=source)
    is_cancelled = source.state == Import.State.CANCELLING
    return waits.wait_of_many(edits, source.collection, is_read_only=is_cancelled)


@require_POST
def import_confirm(request: UserRequest, pk: UUID) -> HttpResponse:
    """Begin to send the rows of a checked import."""
    source = get_import(request, pk)
    if not jobs.confirm(source, user=request.user):
        text = "This import was begun or ended already."
        messages.info(request, text, extra_tags="not_confirmed")
    return redirect(source)


@require_POST
def import_reopen(request: UserRequest, pk: UUID) -> HttpResponse:
    """Go back to the columns of an import that was not begun."""
    source = get_import(request, pk)
    jobs.reopen(source)
    return redirect("integrations:import-mapping", source.pk)


@require_POST
def import_cancel(request: UserRequest, pk: UUID) -> HttpResponse:
    """Send no more rows; an import that was not begun is deleted with its file."""
    source = get_import(request, pk)
    if jobs.cancel(source, user=request.user):
        return redirect(source)
    collection = source.collection_id
    if not uploads.forget(source, user=request.user):
        return redirect(source)
    messages.success(request, "The file is deleted.", extra_tags="forgotten")
    return redirect("integrations:import-create", collection)


@require_POST
def import_refused(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """Send the refused rows as a CSV file."""
    source = get_import(request, pk)
    audit.record("import.refused_downloaded", user=request.user, subject=source.pk)
    return StreamingHttpResponse(
        results.refused_csv(source),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="refused-rows.csv"'},
    )

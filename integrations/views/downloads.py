"""Show the files that workers make, how far they are, and send those that are done."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from integrations.models import Download
from integrations.models.messages.wording import RAW_ROWS, connector_text, count_text
from integrations.services.items.downloads import formats, orders
from integrations.views import paging
from integrations.views.access import UserRequest
from integrations.views.items.download import disposition

State = Download.State
# How often an open page looks while a file is being made.
SECONDS_BUSY = 2
TONES = {
    State.WAITING: "busy",
    State.MAKING: "busy",
    State.DONE: "ok",
    State.FAILED: "bad",
}


def get_download(request: UserRequest, pk: UUID) -> Download:
    """Return a download of the user's own, or answer 404."""
    return get_object_or_404(Download.objects.owned_by(request.user), uuid=pk)


@require_safe
def download_list(request: UserRequest) -> HttpResponse:
    """Show the files that were asked for and have not expired."""
    own = Download.objects.owned_by(request.user)
    context = paging.make_context(request.GET, own)
    context["rows"] = [_row(each) for each in context["page"]]
    return render(request, "downloads/download_list.html", context)


@require_safe
def download_detail(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show how far a file is."""
    download = Download.objects.owned_by(request.user).filter(uuid=pk).first()
    if download is None:
        return _missing(request)
    context = _context(download)
    return render(request, "downloads/download_detail.html", context)


@require_safe
def download_live(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what has changed on the open page of a file that is being made."""
    context = {**_context(get_download(request, pk)), "is_live": True}
    return render(request, "downloads/download_live.html", context)


def _missing(request: UserRequest) -> HttpResponse:
    """Say that a file is not kept any more, which is so of all that are not there."""
    context = {"hours": settings.DOWNLOAD_HOURS}
    return render(request, "downloads/download_missing.html", context, status=404)


def _context(download: Download) -> dict[str, Any]:
    return {
        **_row(download),
        "live_url": reverse("integrations:download-live", args=(download.uuid,)),
        "live_seconds": SECONDS_BUSY if download.is_open else 0,
    }


def _row(download: Download) -> dict[str, Any]:
    """Return what is shown of a file."""
    return {
        "download": download,
        "format": formats.FORMATS[download.form].short,
        "tone": TONES[State(download.state)],
        "rows_text": _rows_text(download),
        "size_text": filesizeformat(download.size) if download.is_done else "",
        "was_begun_anew": download.is_open and download.attempts > 1,
        "mistake": download.mistake and connector_text(download.mistake, RAW_ROWS),
    }


def _rows_text(download: Download) -> str:
    """Return how many rows are in the file, and of how many."""
    if download.is_open and download.rows_total is not None:
        total = count_text(download.rows_total, "row")
        return f"{download.rows_done:,} of {total}"
    return count_text(download.rows_done, "row")


@require_safe
def download_file(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """Send a file that is done; one that is not leads to its page."""
    download = Download.objects.owned_by(request.user).filter(uuid=pk).first()
    if download is None:
        return _missing(request)
    if not download.is_done:
        return redirect(download)
    return StreamingHttpResponse(
        orders.read(download),
        content_type=formats.FORMATS[download.form].content_type,
        headers={
            "Content-Disposition": disposition(download.name, download.form),
            "Content-Length": str(download.size),
        },
    )


@require_POST
def download_delete(request: UserRequest, pk: UUID) -> HttpResponse:
    """Delete a file, and stop making it."""
    download = get_download(request, pk)
    was_open = download.is_open
    orders.delete(download)
    messages.success(
        request, "The download is cancelled." if was_open else "The file is deleted."
    )
    return redirect("integrations:download-list")

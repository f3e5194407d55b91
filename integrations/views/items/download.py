"""Send all items of a list, or all rows of a table, as a file."""

from collections.abc import Callable
from functools import partial
from typing import BinaryIO
from urllib.parse import urlencode
from uuid import UUID
from wsgiref.util import FileWrapper

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST
from msgspec import Struct
from msgspec.structs import replace

from integrations.forms import DownloadForm, TableDownloadForm
from integrations.models import Download
from integrations.models.messages.wording import RAW_ROWS, connector_text
from integrations.services.common import audit
from integrations.services.items.downloads import asked, formats, orders
from integrations.services.items.downloads.asked import AskedFile, Content
from integrations.services.items.downloads.sources import Source
from integrations.services.items.lists.opening import OpenList
from integrations.views.access import UserRequest
from integrations.views.items.choosing import lists
from integrations.views.items.choosing.choice import MOST_NAMED, NO_ROWS, NoRowsError
from integrations.views.items.tables.chosen import ChosenRows
from integrations.views.items.tables.table import Table

NO_FORMAT = "Choose one of the formats offered."
LEFT_OUT = NO_ROWS["left_out"]
TOO_MANY = "You have as many large files as are kept. Delete one of them first."
PIECE = 64 * 1024
# What the page of a mistake sends along for a file that holds raw values.
AS_IT_IS = "as_it_is"


@require_POST
def item_download(request: UserRequest) -> HttpResponseBase:
    """Send what a list shows, all of its pages, in the form that was chosen.

    The form around the rows may choose some of them.
    """
    form, listed = DownloadForm(request.POST), OpenList.open(request.user, request.POST)
    back = lists.back_url(request.POST, listed.query)
    if not form.is_valid():
        messages.error(request, NO_FORMAT)
        return redirect(back)
    content = Content(form.cleaned_data["values"])
    if "rows" in request.POST:
        try:
            listed = lists.chosen_rows(listed, request.POST)
        except NoRowsError as exc:
            messages.error(request, str(exc), extra_tags=exc.code)
            return redirect(back)
    elif listed.left_out:
        messages.error(request, LEFT_OUT, extra_tags="left_out")
        return redirect(back)
    order = partial(
        orders.order,
        request.user,
        name="Items",
        parameters=QueryDict(urlencode(listed.query.change().parameters)),
        content=content,
        form=form.cleaned_data["form"],
    )
    wanted = asked.ask_list(listed, content)
    asking = _Asking(order=order, back=back, is_named=bool(listed.named))
    return _send(request, wanted, form.cleaned_data["form"], asking)


@require_POST
def table_download(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """Send the rows of a table; its address says which, as that of its page does.

    The form around the rows may choose some of them.
    """
    form, table = TableDownloadForm(request.POST), Table.read(request, pk)
    if not form.is_valid():
        messages.error(request, NO_FORMAT)
        return redirect(table.query.url)
    content = Content(form.cleaned_data["values"] or Content.SHOWN)
    is_named = False
    if "rows" not in request.POST and table.left_out:
        messages.error(request, LEFT_OUT, extra_tags="left_out")
        return redirect(table.query.url)
    if "rows" in request.POST:
        try:
            chosen = ChosenRows.read(request.POST, table)
            table = replace(table, selection=chosen.narrow())
            is_named = not chosen.are_all
        except NoRowsError as exc:
            messages.error(request, str(exc), extra_tags=exc.code)
            return redirect(table.query.url)
    order = partial(
        orders.order,
        request.user,
        name=table.collection.name,
        # With its columns, which the user may choose anew before it is made.
        parameters=QueryDict(urlencode(_parameters(table))),
        content=content,
        form=form.cleaned_data["form"],
        collection=table.collection,
    )
    wanted = asked.ask_table(table, content)
    asking = _Asking(order=order, back=table.query.url, is_named=is_named)
    return _send(request, wanted, form.cleaned_data["form"], asking)


def _parameters(table: Table) -> list[tuple[str, str]]:
    columns = tuple(column.id for column in table.shown)
    return table.query.change(columns=columns).parameters


class _Asking(Struct, frozen=True, kw_only=True):
    """How a file was asked for: who makes it if it is large, and on which page."""

    order: Callable[[], Download]
    back: str
    is_named: bool


def _send(
    request: UserRequest, wanted: AskedFile, form: str, asking: _Asking
) -> HttpResponseBase:
    """Send a file at once, or have a worker make it where that would take long.

    It is whole before its first piece is sent: where a mistake of ours left values raw,
    the user is asked first whether to have it as it is.
    """
    # Rows that are named are few, and no address says which.
    most = max(settings.DOWNLOAD_ROWS_AT_ONCE, MOST_NAMED if asking.is_named else 0)
    if not wanted.is_ready or wanted.count(most + 1).number > most:
        try:
            return _exported(request, form, redirect(asking.order()))
        except orders.TooManyDownloadsError:
            messages.error(request, TOO_MANY, extra_tags="too_many_downloads")
            return redirect("integrations:download-list")
    source = wanted.to_source(wanted.items())
    file, size = _write(source, form)
    if source.noted.mistake and AS_IT_IS not in request.POST:
        file.close()
        return _ask_first(request, source, form, asking.back)
    response = StreamingHttpResponse(
        FileWrapper(file, PIECE),
        content_type=formats.FORMATS[form].content_type,
        headers={
            "Content-Disposition": disposition(source.name, form),
            "Content-Length": str(size),
        },
    )
    return _exported(request, form, response)


def _exported(
    request: UserRequest, form: str, response: HttpResponseBase
) -> HttpResponseBase:
    audit.record("items.exported", user=request.user, form=form, way="page")
    return response


def _ask_first(
    request: UserRequest, source: Source, form: str, back: str
) -> HttpResponseBase:
    """Say which mistake of ours left values raw, and offer the file as it is."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    context = {
        "name": source.name,
        "format": formats.FORMATS[form].short,
        "mistake": connector_text(source.noted.mistake, RAW_ROWS),
        "fields": [*fields, (AS_IT_IS, "1")],
        "back": back,
    }
    return render(request, "downloads/download_mistake.html", context)


def disposition(name: str, form: str) -> str:
    """Return the header that names a file by what it holds and the day."""
    day = timezone.localdate().isoformat()
    ending = formats.FORMATS[form].ending
    title = slugify(name)[:60] or "items"
    return f'attachment; filename="mooring-{title}-{day}.{ending}"'


def _write(source: Source, form: str) -> tuple[BinaryIO, int]:
    """Return a whole file, and how many bytes it has."""
    with formats.private_folder() as folder:
        file = (folder / "file").open("w+b")
        formats.write(source, form, file, folder)
    # No name leads to the file any more: it goes with the last piece.
    size = file.tell()
    file.seek(0)
    return file, size

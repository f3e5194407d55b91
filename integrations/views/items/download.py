"""Send all items of a list, or all rows of a table, as a file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from urllib.parse import urlencode
from uuid import UUID
from wsgiref.util import FileWrapper

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from integrations.forms import DownloadForm, TableDownloadForm
from integrations.models import Download
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
    wanted, is_named = asked.ask_list(listed, content), bool(listed.named)
    return _send(request, wanted, form.cleaned_data["form"], order, is_named=is_named)


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
    return _send(request, wanted, form.cleaned_data["form"], order, is_named=is_named)


def _parameters(table: Table) -> list[tuple[str, str]]:
    columns = tuple(column.id for column in table.shown)
    return table.query.change(columns=columns).parameters


def _send(
    request: UserRequest,
    wanted: AskedFile,
    form: str,
    order: Callable[[], Download],
    *,
    is_named: bool = False,
) -> HttpResponseBase:
    """Send a file at once, or have a worker make it where that would take long."""
    audit.record("items.exported", user=request.user, form=form, way="page")
    # Rows that are named are few, and no address says which.
    most = max(settings.DOWNLOAD_ROWS_AT_ONCE, MOST_NAMED if is_named else 0)
    if not wanted.is_ready or wanted.count(most + 1).number > most:
        try:
            return redirect(order())
        except orders.TooManyDownloadsError:
            messages.error(request, TOO_MANY, extra_tags="too_many_downloads")
            return redirect("integrations:download-list")
    source = wanted.to_source(wanted.items())
    zone = timezone.get_current_timezone()
    pieces = _workbook(source) if form == formats.XLSX else _text(source, form, zone)
    return StreamingHttpResponse(
        pieces,
        content_type=formats.FORMATS[form].content_type,
        headers={"Content-Disposition": disposition(source.name, form)},
    )


def disposition(name: str, form: str) -> str:
    """Return the header that names a file by what it holds and the day."""
    day = timezone.localdate().isoformat()
    ending = formats.FORMATS[form].ending
    title = slugify(name)[:60] or "items"
    return f'attachment; filename="mooring-{title}-{day}.{ending}"'


def _text(source: Source, form: str, zone: tzinfo) -> Iterator[str]:
    """Yield the pieces with times in a zone, which the request's end would reset."""
    with timezone.override(zone):
        yield from formats.stream(source, form)


def _workbook(source: Source) -> Iterable[bytes]:
    """Return the pieces of a workbook, which is whole before its first one is sent."""
    with formats.private_folder() as folder:
        file = (folder / "workbook").open("w+b")
        formats.write(source, formats.XLSX, file, folder)
    # No name leads to the file any more: it goes with the last piece.
    file.seek(0)
    return FileWrapper(file, PIECE)

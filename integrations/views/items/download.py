"""Send all items of a list as a file, row by row."""

from collections.abc import Iterable, Iterator
from datetime import tzinfo

from django.contrib import messages
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from integrations.forms import DownloadForm
from integrations.models import Collection, Item
from integrations.services.common import audit
from integrations.services.items import listing
from integrations.services.items.export import VALUES, WRITERS
from integrations.services.items.query import ItemQuery
from integrations.services.items.walk import walk
from integrations.views.access import UserRequest
from integrations.views.items.index import find_linked_to

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
}
# By which some spreadsheets know that a text is UTF-8.
BYTE_ORDER_MARK = "\ufeff"


@require_POST
def item_download(request: UserRequest) -> HttpResponseBase:
    """Send what a list shows, all of its pages, in the form that was chosen."""
    form, query = DownloadForm(request.POST), ItemQuery.parse(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the formats offered.")
        return redirect(query.url)
    zone = timezone.get_current_timezone()
    kind, _, mark = form.cleaned_data["form"].partition("-")
    values = form.cleaned_data["values"]
    collections = list(
        Collection.objects.filter(connection__owner=request.user)
        .select_related("connection")
        .defer("schema", "checkpoint", "details", "held_deletions")
    )
    own = Item.objects.owned_by(request.user)
    parent = own.filter(uuid=query.parent).first() if query.parent else None
    linked_to = find_linked_to(own, query)
    items = listing.select(own, query, collections, parent=parent, linked_to=linked_to)
    rows = walk(items, query, owner_id=request.user.pk)
    pieces = WRITERS[kind](rows, VALUES[values])
    audit.record("items.exported", user=request.user, form=kind, way="page")
    day = timezone.now().astimezone(zone).date().isoformat()
    name = f"mooring-items-{day}.{kind}"
    return StreamingHttpResponse(
        _in_zone(pieces, zone, is_marked=bool(mark)),
        content_type=TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _in_zone(pieces: Iterable[str], zone: tzinfo, *, is_marked: bool) -> Iterator[str]:
    """Yield the pieces with times in a zone, which the request's end would reset."""
    if is_marked:
        yield BYTE_ORDER_MARK
    with timezone.override(zone):
        yield from pieces

"""The list that an address of ours shows, as a view of it is kept."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from django.http import Http404, QueryDict
from django.urls import reverse
from msgspec import Struct

from integrations.models import Collection, Connection
from integrations.models.uuids import read_uuid
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.saved_views import shelf, snapshot
from integrations.services.items.saved_views.shelf import Shelf
from integrations.services.items.saved_views.snapshot import Snapshot
from integrations.services.items.tables.columns import layouts
from integrations.services.items.tables.columns.results import typed_columns_of
from integrations.services.items.tables.table_query import TableQuery
from integrations.views.access import UserRequest
from integrations.views.items.tables.table import get_collection

TABLE = re.compile(r"/collections/([0-9a-f-]{36})/")


class KeptList(Struct, frozen=True, kw_only=True):
    """A list of the user's: its address, and what a view of it would keep.

    ``collection`` is None for the list over everything. ``left_out`` says in words
    which filters of its address it lacks, and ``whole_url`` is the same list without
    asking for them; ``not_kept`` says what of the view that is open is not there.
    """

    url: str
    collection: Collection | None
    taken: Snapshot
    left_out: Sequence[str]
    whole_url: str
    not_kept: Sequence[str]


def find_list(request: UserRequest) -> KeptList:
    """Return the list whose address is ``back``, or answer 404; none means all items.

    Only what is understood of the address is used, never the address itself.
    """
    home = reverse("integrations:item-list")
    told = str(request.POST.get("back") or request.GET.get("back") or home)
    try:
        parts = urlsplit(told)
    except ValueError:
        raise Http404 from None
    table = TABLE.fullmatch(parts.path)
    if parts.scheme or parts.netloc or not (table or parts.path == home):
        raise Http404
    parameters = QueryDict(parts.query)
    if table and (key := read_uuid(table[1])):
        return _find_table(request, key, parameters)
    if table:
        raise Http404
    return _find_items(request, ItemQuery.parse(parameters.dict()))


def _find_table(request: UserRequest, pk: UUID, parameters: QueryDict) -> KeptList:
    collection = get_collection(request, pk)
    columns = typed_columns_of(collection)
    query = TableQuery.parse(pk, parameters, columns)
    views = shelf.of_table(request.user, collection, columns, query.view)
    layout = views.layout(layouts.read_layout(collection, columns))
    shown = layouts.shown_columns(query, layout, columns)
    shown = layouts.with_widths(shown, query, layout)
    taken = snapshot.of_table(query, shown, query.density or layout.density)
    return _make(query, views, taken, collection)


def _find_items(request: UserRequest, query: ItemQuery) -> KeptList:
    connections = list(Connection.objects.owned_by(request.user))
    collections = own_collections(request)
    taken = snapshot.of_items(query, connections, collections)
    views = shelf.of_items(request.user, connections, collections, query.view)
    return _make(query, views, taken, None)


def _make(
    query: TableQuery | ItemQuery,
    views: Shelf,
    taken: Snapshot,
    collection: Collection | None,
) -> KeptList:
    opened = views.current
    return KeptList(
        url=query.change().url,
        collection=collection,
        taken=taken,
        left_out=query.left_out,
        whole_url=query.change(left_out=()).url,
        not_kept=opened.not_there if opened else (),
    )


def own_collections(request: UserRequest) -> list[Collection]:
    """Return the user's collections without what is long of them."""
    return list(Collection.objects.owned_by(request.user).without_schema())

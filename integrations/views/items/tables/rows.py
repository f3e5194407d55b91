"""Show what can be done with chosen rows of a table: e-mail addresses, links."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from integrations.models import Collection, Item
from integrations.models.messages.wording import count_text
from integrations.providers.text.rich_text import safe_href
from integrations.providers.typed.fields import Email
from integrations.services.items.tables.columns.columns import Columns
from integrations.services.items.tables.columns.values import singles_of, values_of
from integrations.services.items.tables.cursors import Cursor
from integrations.services.items.tables.listing import Selection, cursor_of
from integrations.services.items.tables.table_query import TableQuery
from integrations.services.items.tables.walk import walk
from integrations.views.access import UserRequest
from integrations.views.items.tables.chosen import (
    MOST_NAMED,
    ChosenRows,
    NoRowsError,
    Scope,
)
from integrations.views.items.tables.table import Table

MOST_ROWS, MOST_LINKS = 5000, 50


def narrow(selection: Selection, chosen: ChosenRows) -> Selection:
    """Return a selection of the chosen rows alone, in the order of the table.

    Rows that are named stay in it even if a filter does not find them any more.
    """
    if chosen.scope is Scope.ALL:
        return selection
    if selection.indexes.building:
        raise NoRowsError("building")
    return replace(
        selection,
        query=selection.query.unfiltered,
        hits=None,
        linked=None,
        keys=chosen.keys(MOST_NAMED),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def table_rows(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show the e-mail addresses of the chosen rows, and their pages at the provider.

    Whoever comes back without what was chosen, as after a sign-in, gets the table.
    """
    table = Table.read(request, pk)
    if request.method != "POST":
        return redirect(table.query.url)
    try:
        chosen = ChosenRows.read(request.POST, table)
        items, more = _take(narrow(table.selection, chosen), table.query.after)
    except NoRowsError as exc:
        messages.error(request, str(exc), extra_tags=exc.code)
        return redirect(table.query.url)
    context = {
        "collection": table.collection,
        "rows_text": count_text(len(items), "row"),
        "emails": _emails(items, table.collection, table.columns),
        "links": list(islice(_links(items), MOST_LINKS)),
        "most_links": MOST_LINKS if len(items) > MOST_LINKS else 0,
        "most_rows": MOST_ROWS,
        "is_first": table.query.after is None,
        "more_query": urlencode(more.parameters) if more else "",
        "back_url": table.query.url,
    }
    return render(request, "items/tables/table_rows.html", context)


def _take(
    selection: Selection, after: Cursor | None
) -> tuple[list[Item], TableQuery | None]:
    """Return as many rows as a page takes, and where the rest begins."""
    found = list(islice(walk(selection, after=after), MOST_ROWS + 1))
    if not found:
        raise NoRowsError("no_rows")
    items = found[:MOST_ROWS]
    if len(found) == len(items):
        return items, None
    place = cursor_of(selection, items[-1])
    return items, selection.query.change(after=place)


def _emails(
    items: Sequence[Item], collection: Collection, columns: Columns
) -> Sequence[str]:
    """Return every address once, in the order of the rows."""
    wanted = [column for column in columns.by_id.values() if column.kind == "email"]
    found: dict[str, str] = {}
    for item in items:
        for value in values_of(item, collection, wanted).values():
            for each in singles_of(value):
                if isinstance(each, Email) and safe_href(f"mailto:{each.address}"):
                    found.setdefault(each.address.casefold(), each.address)
    return list(found.values())


def _links(items: Iterable[Item]) -> Iterable[dict[str, Any]]:
    for item in items:
        if safe_href(item.remote_url):
            yield {"name": item.name, "url": item.remote_url}

"""Show the e-mail addresses of chosen rows, and their pages at the providers."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from msgspec import Struct, field

from integrations.models import Collection, Item
from integrations.models.messages.wording import count_text
from integrations.providers.text.rich_text import safe_href
from integrations.providers.typed.fields import Email, singles_of
from integrations.services.items.tables.columns.columns import Column, fields_of_kind
from integrations.services.items.tables.columns.values import values_of
from integrations.views.access import UserRequest
from integrations.views.items.choosing.choice import NoRowsError
from integrations.views.items.parts import mistakes

MOST_ROWS, MOST_LINKS = 5000, 50


class Part(Struct, frozen=True, kw_only=True):
    """As many of the chosen rows as a page takes; there may be more behind them."""

    items: Sequence[Item]
    has_more: bool

    @classmethod
    def take(cls, rows: Iterable[Item]) -> "Part":
        """Return the first rows; raise NoRowsError for none."""
        found = list(islice(rows, MOST_ROWS + 1))
        if not found:
            raise NoRowsError("no_rows")
        return cls(items=found[:MOST_ROWS], has_more=len(found) > MOST_ROWS)


class ChosenFrom(Struct, frozen=True, kw_only=True):
    """The list or table that rows were chosen in, and where their rest begins.

    ``next_url`` with ``next_fields`` asks for the next part; it is empty for the last.
    """

    name: str
    url: str
    provider: str
    is_first: bool
    next_url: str = ""
    next_fields: Mapping[str, str] = field(default_factory=dict)


def show(request: UserRequest, part: Part, place: ChosenFrom) -> HttpResponse:
    """Show a part of the chosen rows: what can be copied, and opened."""
    emails = _emails(part.items)
    context = {
        "place": place,
        "rows_text": count_text(len(part.items), "row"),
        "emails": emails,
        "mistake": mistakes.of_rows(part.items),
        "links": list(islice(_links(part.items), MOST_LINKS)),
        "most_links": MOST_LINKS if len(part.items) > MOST_LINKS else 0,
        "most_rows": MOST_ROWS,
    }
    return render(request, "items/chosen_rows.html", context)


def _emails(items: Sequence[Item]) -> Sequence[str]:
    """Return every address once, in the order of the rows."""
    collections = _collections(items)
    columns: dict[UUID, Sequence[Column]] = {
        pk: fields_of_kind(each, "email") for pk, each in collections.items()
    }
    found: dict[str, str] = {}
    for item in items:
        wanted = columns[item.collection_id]
        values = values_of(item, collections[item.collection_id], wanted)
        for value in values.values() if wanted else ():
            for each in singles_of(value):
                if isinstance(each, Email) and safe_href(f"mailto:{each.address}"):
                    found.setdefault(each.address.casefold(), each.address)
    return list(found.values())


def _collections(items: Sequence[Item]) -> Mapping[UUID, Collection]:
    """Return the collections of items by key, with their schemas."""
    keys = {item.collection_id for item in items}
    return Collection.objects.with_schema().in_bulk(keys)


def _links(items: Iterable[Item]) -> Iterable[dict[str, Any]]:
    for item in items:
        if safe_href(item.remote_url):
            yield {"name": item.name, "url": item.remote_url}

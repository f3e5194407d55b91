"""Open a table's page, and read which rows it has."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from integrations.models import Collection


def get(client: Client, collection: Collection, address: str = "") -> Any:
    """Return the page of a table."""
    page: HttpResponse = client.get(f"/collections/{collection.pk}/{address}")
    assert page.status_code == 200
    return page


def get_whole(client: Client, collection: Collection, address: str) -> Any:
    """Return the page of a table that leaves out nothing of what is asked for."""
    page = get(client, collection, address)
    assert page.context["query"].left_out == ()
    return page


def names(page: Any) -> list[str]:
    """Return the names of a page's rows, in their order."""
    return [row.item.name for row in page.context["rows"]]

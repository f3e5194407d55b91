"""Addresses of the pages that are measured, by what they show."""

from typing import Any

from integrations.models import Collection, Item, PropertyIndex
from integrations.services.items.lists.query import ItemQuery, Position
from integrations.services.items.tables.columns.values import Key
from integrations.services.items.tables.cursors import Cursor

DEEP_PAGE, SIZE = 1000, 50
# Pages whose totals nothing is known of, as after each write.
WRITTEN = ", after a write"
GROUPED = "?group=dealstage&sort=-amount"


def of_list(owner_id: int) -> dict[str, str]:
    """Return pages of the list over everything."""
    rows = Item.objects.live().filter(owner=owner_id)
    last = rows.order_by("-remote_updated_at", "-id")[DEEP_PAGE * SIZE]
    at = Position(field="remote_updated_at", value=last.remote_updated_at, id=last.pk)
    deep = ItemQuery(after=at)
    return {"list": "/items/", f"list, page {DEEP_PAGE:,}": deep.url}


def of_table(collection: Collection) -> dict[str, str]:
    """Return pages of the table of deals."""
    by_amount = _deep(collection, "-amount")
    asked = {
        "first page": "",
        f"page {DEEP_PAGE:,}": f"?after={_deep(collection, '-item.updated')}",
        "filtered by two": "?dealstage__is=Won&hubspot_owner_id__is=Ada+Berg+0",
        "filtered by two, wide": "?amount__gt=1000&pipeline__is=Sales",
        "the same, sorted": "?amount__gt=1000&pipeline__is=Sales&sort=-closedate",
        "any of two": "?amount__gt=1000&pipeline__is=Sales&match=any",
        "is not, contains": "?dealstage__not=Lost&item.name__contains=harb",
        "none of, lacking": "?dealstage__not_in=Lost&item.name__not_contains=harb",
        "sorted": "?sort=-amount",
        f"sorted, page {DEEP_PAGE:,}": f"?sort=-amount&after={by_amount}",
        "sorted by name": "?sort=item.name",
        "grouped, sums": "?group=dealstage",
        "grouped by owner, sums": "?group=hubspot_owner_id",
        "grouped, filtered, sums": "?group=dealstage&pipeline__is=Sales",
        "grouped and sorted, sums": GROUPED,
        f"grouped and sorted, sums, page {DEEP_PAGE:,}": (
            f"{GROUPED}&after={_deep_in_groups(collection)}"
        ),
        "grouped and sorted, filtered, sums": (
            "?group=hubspot_owner_id&sort=closedate&pipeline__is=Sales"
        ),
        f"grouped, sums{WRITTEN}": "?group=dealstage",
        f"grouped by owner, sums{WRITTEN}": "?group=hubspot_owner_id",
        f"grouped, filtered, sums{WRITTEN}": "?group=dealstage&pipeline__is=Sales",
        "searched, frequent": "?q=harbour",
        "searched, rare": "?q=harbour+90011",
        "searched, filtered": "?q=harbour&dealstage__is=Won",
    }
    path = f"/collections/{collection.pk}/"
    return {what: path + address for what, address in asked.items()}


def around(contacts: Collection) -> dict[str, str]:
    """Return pages of what is around the deals: their links, and their past."""
    own = Item.objects.live().filter(connection=contacts.connection)
    large = own.get(remote_id="c0")
    naming = f"linked_to={large.uuid}&relation=-associations.companies"
    deal, contact = (
        own.filter(type=each).order_by("-pk")[0] for each in ("deal", "contact")
    )
    path, email = f"/collections/{contacts.pk}/", contact.properties["email"]
    return {
        "contacts": path,
        "contacts, sorted": f"{path}?sort=item.name",
        "contacts, filtered": f"{path}?lifecyclestage__is=customer&city__is=Berg",
        "contacts, searched": f"{path}?q=harbour+berg",
        "a deal and what is related": deal.get_absolute_url(),
        "a company that 30,000 name": large.get_absolute_url(),
        "all contacts that name it": f"{path}?{naming}",
        "everything about a person": f"/everything/?about={email}",
        "search, frequent": "/search/?q=harbour",
        "search, a person": f"/search/?q={contact.remote_id}+person{contact.remote_id}",
        "search, two words": "/search/?q=fischer+anchor",
        "changes": "/changes/",
        "changes of a field": "/changes/?type=contact&field=properties.lifecyclestage",
        "charts, sums": "/charts/",
        "home": "/",
        "connections": "/connections/",
        "one connection": contacts.connection.get_absolute_url(),
    }


def _deep(collection: Collection, order: str) -> str:
    """Return the position that following *Next* so many times leads to."""
    last = DEEP_PAGE * SIZE
    if order == "-item.updated":
        rows = Item.objects.live().filter(collection=collection)
        row = rows.order_by("-remote_updated_at", "-id")[last]
        at = row.remote_updated_at
        cursor = Cursor(order=order, value=at.isoformat() if at else None, id=row.pk)
        return cursor.to_token()
    index = PropertyIndex.objects.get(collection=collection, name=order[1:])
    values = index.values.filter(number__isnull=False, position=0)
    found = values.order_by("-number", "-item")[last]
    return Cursor(order=order, value=found.number, id=found.item_id).to_token()


def _deep_in_groups(collection: Collection) -> str:
    """Return the same position where rows of each stage are sorted by their amount."""
    own = PropertyIndex.objects.filter(collection=collection)
    stages, amounts = (
        own.get(name=name).values.filter(position=0) for name in ("dealstage", "amount")
    )
    told = dict(amounts.values_list("item", "number"))

    def place(row: tuple[int, Key]) -> tuple[Any, ...]:
        amount = told[row[0]]
        return (row[1].number, amount is None, -(amount or 0), -row[0])

    rows = stages.values_list("item", "number", "text")
    placed = sorted(((key, Key(number, text)) for key, number, text in rows), key=place)
    key, group = placed[DEEP_PAGE * SIZE]
    order = "-amount in dealstage"
    return Cursor(order=order, value=told[key], id=key, group=group).to_token()

"""Draw collections by the choice that their tables show first, as deals by stage."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.http import QueryDict
from django.urls import reverse

from integrations.models import Collection
from integrations.models.messages.wording import connector_text
from integrations.providers.records import FieldSpec, read_fields
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.items.relations.tables import MONEY
from integrations.services.items.tables.columns.columns import (
    FAMILIES,
    Family,
    leading_columns,
)
from integrations.services.items.tables.opening import OpenTable
from integrations.views.items.tables import grouped
from integrations.views.items.tables.table import BUILDING_SECONDS

# Each asks the database for all of its rows: so many collections, with so many rows.
MOST_GROUPED: Final = 3
MOST_ROWS: Final = 100_000
# A table has the page for itself; here the items come behind the bars.
MOST_BARS: Final = 8
# Up to so many items of each are indexed while the page is waited for.
AT_ONCE: Final = 500


def first_choice(collection: Collection) -> FieldSpec | None:
    """Return the choice that a collection's table shows first, None without any."""
    specs = {spec.name: spec for spec in read_fields(collection.schema)}
    shown = [specs[name] for name in leading_columns(collection) if name in specs]
    choices = (each for each in shown if FAMILIES.get(each.kind) is Family.CHOICE)
    return next(choices, None)


def _has_money(collection: Collection) -> bool:
    """Tell whether a collection's table shows amounts of money at first."""
    leading = set(leading_columns(collection))
    fields = read_fields(collection.schema)
    return any(each.kind == MONEY and each.name in leading for each in fields)


def make_context(
    collections: Sequence[Collection], names: Mapping[UUID, str], user: User
) -> dict[str, Any]:
    """Return the charts of the first collections that have a choice.

    Those with amounts of money come first: deals by stage are looked for sooner than
    longer lists. They are as the grouped table draws them, with their numbers;
    ``names`` are those that tell the collections apart. Of an index that is not there
    yet it is told that it is begun, and the page looks for it. Collections that would
    be too many, or have too many rows together, ``are_undrawn``. All were asked for
    ``with_layout``.
    """
    found = [(each, choice) for each in collections if (choice := first_choice(each))]
    found.sort(key=lambda each: not _has_money(each[0]))
    made: list[dict[str, Any]] = []
    rows = 0
    for collection, choice in found:
        is_room = rows + collection.stored_count <= MOST_ROWS
        if is_room and len(made) < MOST_GROUPED:
            rows += collection.stored_count
            drawn = _draw(collection, choice, user)
            made.append({**drawn, "name": names[collection.pk]})
    telling = ("charts", "building", "groups_mistake")
    shown = [each for each in made if any(each.get(name) for name in telling)]
    building = [("building", e["collection"].pk) for e in made if e["building"]]
    return {
        "grouped": shown,
        "are_undrawn": len(made) < len(found),
        "live_url": f"{reverse('integrations:charts-live')}?{urlencode(building)}",
        "live_seconds": BUILDING_SECONDS if building else 0,
    }


def is_building(collection: Collection, user: User) -> bool:
    """Tell whether an index that the chart of a collection needs is being built."""
    choice = first_choice(collection)
    if choice is None:
        return False
    return bool(_open(collection, choice, user).selection.indexes.building)


def _open(collection: Collection, choice: FieldSpec, user: User) -> OpenTable:
    asked = QueryDict(urlencode({"group": choice.name}))
    return OpenTable.open(collection, asked, user, at_once=AT_ONCE)


def _draw(collection: Collection, choice: FieldSpec, user: User) -> dict[str, Any]:
    """Return one chart; a mistake of ours in it, which is said, ends no others."""
    told: dict[str, Any] = {
        "collection": collection,
        "choice": choice,
        "url": reverse("integrations:table", args=(collection.pk,)),
        "building": (),
    }
    try:
        with connector_boundary("chart", collection=collection.pk):
            table = _open(collection, choice, user)
            drawn = grouped.make_context(table, most_bars=MOST_BARS)
    except ConnectorError as exc:
        return {**told, "groups_mistake": connector_text(exc.reference)}
    return {
        **told,
        **drawn,
        "url": table.query.url,
        "building": table.selection.indexes.building,
        "counts": drawn["charts"][:1],
        "sums": drawn["charts"][1:],
    }

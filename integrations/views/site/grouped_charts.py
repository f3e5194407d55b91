"""Draw collections by the choice that their tables show first, as deals by stage."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import QueryDict

from integrations.models import Collection
from integrations.providers.records import FieldSpec, read_fields
from integrations.services.items.tables.columns.columns import (
    FAMILIES,
    Family,
    leading_columns,
)
from integrations.services.items.tables.opening import OpenTable
from integrations.views.items.tables import grouped

# Each asks the database for all of its rows.
MOST_GROUPED: Final = 3


def first_choice(collection: Collection) -> FieldSpec | None:
    """Return the choice that a collection's table shows first, None without any."""
    specs = {spec.name: spec for spec in read_fields(collection.schema)}
    shown = [specs[name] for name in leading_columns(collection) if name in specs]
    choices = (each for each in shown if FAMILIES.get(each.kind) is Family.CHOICE)
    return next(choices, None)


def make_charts(collections: Iterable[Collection], user: User) -> list[dict[str, Any]]:
    """Return the charts of the first collections that have a choice, and their numbers.

    They are as the grouped table draws them. One whose index is not there yet is left
    out; it is begun. The collections were asked for ``with_layout``.
    """
    chosen = ((each, first_choice(each)) for each in collections)
    found = ((each, choice) for each, choice in chosen if choice is not None)
    made = []
    for collection, choice in islice(found, MOST_GROUPED):
        asked = QueryDict(urlencode({"group": choice.name}))
        table = OpenTable.open(collection, asked, user)
        drawn = grouped.make_context(table)
        if drawn["charts"]:
            made.append({"collection": collection, "url": table.query.url, **drawn})
    return made

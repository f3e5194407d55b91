"""Types of calculated columns, told by their values where no schema tells them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from integrations.models import Collection, Item
from integrations.providers import fields
from integrations.providers.fields import Unavailable, Value
from integrations.services.items.tables.columns import (
    FAMILIES,
    Column,
    Columns,
    Family,
    columns_of,
)
from integrations.services.items.tables.values import singles_of, values_of

# The kind of a field whose values are of any type, as those of formulas are.
ANY_TYPE: Final = "value"
# So many rows are looked at, the latest first.
SAMPLE: Final = 50
KINDS: Final[Mapping[type, str]] = {
    fields.Boolean: "boolean",
    fields.Date: "date",
    fields.DateTime: "datetime",
    fields.Duration: "duration",
    fields.Money: "money",
    fields.Number: "number",
    fields.Percent: "percent",
    fields.Relation: "relation",
    fields.User: "user",
}


def typed_columns_of(collection: Collection) -> Columns:
    """Return the columns of a collection, calculated ones by what their values are.

    By one query, where there is such a column; one without values stays a text.
    """
    columns = columns_of(collection)
    calculated = {c.id: c for c in columns.by_id.values() if c.kind == ANY_TYPE}
    if not calculated:
        return columns
    live = Item.objects.live().filter(collection=collection)
    latest = live.order_by("-remote_updated_at", "-pk").only("name", "properties")
    typed: dict[str, Column] = {}
    for item in latest[:SAMPLE]:
        rest = [each for key, each in calculated.items() if key not in typed]
        for key, value in values_of(item, collection, rest).items():
            if kind := _kind_of(value):
                typed[key] = _typed(calculated[key], kind)
    return replace(columns, by_id={**columns.by_id, **typed})


def _typed(column: Column, kind: str) -> Column:
    return replace(column, kind=kind, family=FAMILIES.get(kind, Family.TEXT))


def _kind_of(value: Value) -> str:
    """Return the kind of a value, "text" where its parts are of several."""
    told = [each for each in singles_of(value) if not isinstance(each, Unavailable)]
    kinds = {KINDS.get(type(each), "text") for each in told}
    return "text" if len(kinds) > 1 else next(iter(kinds), "")

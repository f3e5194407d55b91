"""Types of calculated columns, told by their values where no schema tells them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from integrations.models import Collection, Item, PropertyIndex
from integrations.providers.typed import fields
from integrations.providers.typed.fields import Unavailable, Value, singles_of
from integrations.services.items.tables.columns.columns import (
    FAMILIES,
    Column,
    Columns,
    Family,
    columns_of,
)
from integrations.services.items.tables.columns.values import values_of

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

    By a query, where there is such a column. One without values, or with values of
    several types, is a text; but an index keeps its type while that is among them, so
    that one edited row does not have all of them indexed again: by another query.
    """
    columns = columns_of(collection)
    calculated = {c.id: c for c in columns.by_id.values() if c.kind == ANY_TYPE}
    if not calculated:
        return columns
    live = Item.objects.live().filter(collection=collection)
    latest = live.order_by("-remote_updated_at", "-pk").only("name", "properties")
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for item in latest[:SAMPLE]:
        for key, value in values_of(item, collection, [*calculated.values()]).items():
            if kind := _kind_of(value):
                kinds[key].append(kind)
    unsure = [key for key in calculated if len(_families(kinds[key])) != 1]
    indexed = _indexed_families(collection, unsure) if unsure else {}
    typed = {
        key: _typed(column, kinds[key], indexed.get(key))
        for key, column in calculated.items()
    }
    return replace(columns, by_id={**columns.by_id, **typed})


def _indexed_families(
    collection: Collection, names: Sequence[str]
) -> Mapping[str, Family]:
    indexes = PropertyIndex.objects.filter(collection=collection, name__in=names)
    kept = indexes.exclude(state=PropertyIndex.State.DROPPING)
    return {name: Family(told) for name, told in kept.values_list("name", "family")}


def _families(kinds: Sequence[str]) -> set[Family]:
    return {FAMILIES.get(kind, Family.TEXT) for kind in kinds}


def _typed(column: Column, kinds: Sequence[str], indexed: Family | None) -> Column:
    """Return a column as what its values are; ``kinds`` are theirs, latest first."""
    families = {kind: FAMILIES.get(kind, Family.TEXT) for kind in kinds}
    told = _families(kinds)
    if indexed is not None and (not told or indexed in told):
        family = indexed
    else:
        family = told.pop() if len(told) == 1 else Family.TEXT
    if not kinds and family is Family.TEXT:
        return column
    of_family = (kind for kind, each in families.items() if each is family)
    return replace(column, kind=next(of_family, family.value), family=family)


def _kind_of(value: Value) -> str:
    """Return the kind of a value, "text" where its parts are of several."""
    told = [each for each in singles_of(value) if not isinstance(each, Unavailable)]
    kinds = {KINDS.get(type(each), "text") for each in told}
    return "text" if len(kinds) > 1 else next(iter(kinds), "")

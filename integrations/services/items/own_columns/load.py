"""Values of own columns of some items, loaded by one query for all of them."""

from collections.abc import Mapping, Sequence

from integrations.models import Collection, Item, OwnColumn, OwnValue
from integrations.providers.typed.fields import Value
from integrations.services.items.own_columns import typed


def load(items: Sequence[Item], columns: Sequence[OwnColumn]) -> None:
    """Put stored values on items, None for those that have none."""
    if not items or not columns:
        return
    found = OwnValue.objects.filter(
        column__in=columns, remote_id__in=[item.remote_id for item in items]
    )
    stored = {
        (column_id, remote_id): value
        for column_id, remote_id, value in found.values_list(
            "column", "remote_id", "value"
        )
    }
    for item in items:
        item.own_values = {
            **(item.own_values or {}),
            **{c.pk: stored.get((c.pk, item.remote_id)) for c in columns},
        }


def typed_values(
    item: Item, collection: Collection, columns: Sequence[OwnColumn]
) -> Mapping[str, Value]:
    """Return the typed values of an item in some columns, those that it has."""
    if any(column.pk not in (item.own_values or {}) for column in columns):
        load([item], columns)
    stored = item.own_values or {}
    owners = typed.owners_of(collection)
    found = {c.column_id: typed.to_value(c, stored[c.pk], owners) for c in columns}
    return {name: value for name, value in found.items() if value is not None}

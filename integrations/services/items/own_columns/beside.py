"""Values of own columns beside what a file shows of items of any collections."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from integrations.models import Collection, Item, OwnColumn
from integrations.models.remote_key import remote_key
from integrations.providers.typed.plain import plain
from integrations.services.items.export import Held, Values, shown_values
from integrations.services.items.own_columns.load import load, typed_values


def with_own_columns(columns: Sequence[OwnColumn]) -> Values:
    """Return how values are shown with those of own columns among them."""
    by_collection: dict[tuple[Any, ...], list[OwnColumn]] = {}
    for column in columns:
        key = (column.provider, column.account_id, column.is_sandbox)
        by_collection.setdefault((*key, column.collection_id), []).append(column)

    def values(held: Held) -> Sequence[Mapping[str, Any]]:
        load([item for item, _ in held], columns)
        return [
            _with_own(shown, item, collection, by_collection)
            for (item, collection), shown in zip(held, shown_values(held), strict=True)
        ]

    return values


def _with_own(
    shown: Mapping[str, Any],
    item: Item,
    collection: Collection | None,
    by_collection: Mapping[tuple[Any, ...], Sequence[OwnColumn]],
) -> Mapping[str, Any]:
    if collection is None:
        return shown
    own = by_collection.get(tuple(remote_key(collection).values()), [])
    typed = typed_values(item, collection, own) if own else {}
    zone = timezone.get_current_timezone()
    found = dict(shown)
    for column in own:
        value = typed.get(column.column_id)
        if value is not None:
            is_taken = column.name in found
            label = f"{column.name} (your own)" if is_taken else column.name
            found[label] = plain(value, zone=zone)
    return found

"""Values of own columns beside what a file shows of items of any collections."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from django.utils import timezone

from integrations.models import Collection, Item, OwnColumn
from integrations.models.remote_key import remote_key
from integrations.providers.typed.plain import plain
from integrations.services.items.export import Values, shown_values
from integrations.services.items.own_columns.load import load, typed_values

# So many items share the question for their values.
PART: Final = 500


def load_all(items: Iterable[Item], columns: Sequence[OwnColumn]) -> Iterator[Item]:
    """Yield items with their values in some own columns, by one query for a part."""
    rest = iter(items)
    while part := list(islice(rest, PART)):
        load(part, columns)
        yield from part


def with_own_columns(columns: Sequence[OwnColumn]) -> Values:
    """Return how values are shown with those of own columns among them."""
    by_collection: dict[tuple[Any, ...], list[OwnColumn]] = {}
    for column in columns:
        key = (column.provider, column.account_id, column.is_sandbox)
        by_collection.setdefault((*key, column.collection_id), []).append(column)

    def values(item: Item, collection: Collection | None) -> Mapping[str, Any]:
        shown = dict(shown_values(item, collection))
        if collection is None:
            return shown
        own = by_collection.get(tuple(remote_key(collection).values()), [])
        typed = typed_values(item, collection, own) if own else {}
        zone = timezone.get_current_timezone()
        for column in own:
            value = typed.get(column.column_id)
            if value is not None:
                is_taken = column.name in shown
                label = f"{column.name} (your own)" if is_taken else column.name
                shown[label] = plain(value, zone=zone)
        return shown

    return values

"""JSON that keeps the order of names, in which providers tell options."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression

# Under it stands, beside the value's own keys, in which order names were told: pairs
# of a path and its keys. A release that knows nothing of it reads all the rest.
ORDER_KEY: Final = "key_order"
Path = tuple[str | int, ...]


class OrderedJSONField(models.JSONField):
    """A JSON object whose maps of texts keep the order of their keys.

    PostgreSQL's ``jsonb`` sorts keys by their length and then by their bytes:
    https://www.postgresql.org/docs/15/datatype-json.html
    """

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002 (Django's own)
    ) -> Any:
        """Return the value as it is stored, with the order of its names beside it."""
        if isinstance(value, dict):
            orders = [[path, keys] for path, keys in _orders(value)]
            value = {**value, ORDER_KEY: orders} if orders else value
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(
        self, value: Any, expression: Expression, connection: BaseDatabaseWrapper
    ) -> Any:
        """Return a stored value with its names in the order they were told in."""
        found = super().from_db_value(value, expression, connection)
        orders = found.pop(ORDER_KEY, ()) if isinstance(found, dict) else ()
        for path, keys in orders:
            _put_in_order(found, path, keys)
        return found


def _orders(value: object, path: Path = ()) -> Iterator[tuple[Path, list[str]]]:
    """Yield the maps of texts whose order would be lost, by their paths."""
    if isinstance(value, Mapping):
        keys = [str(key) for key in value]
        is_of_texts = all(isinstance(each, str) for each in value.values())
        if is_of_texts and keys != sorted(keys, key=_place_in_jsonb):
            yield path, keys
        entries: Any = () if is_of_texts else value.items()
    else:
        entries = enumerate(value) if isinstance(value, list | tuple) else ()
    for name, each in entries:
        yield from _orders(each, (*path, name))


def _place_in_jsonb(key: str) -> tuple[int, bytes]:
    encoded = key.encode()
    return len(encoded), encoded


def _put_in_order(value: Any, path: Path, keys: list[str]) -> None:
    """Order the keys of the map at a path, where an older release has left it."""
    for name in path:
        try:
            value = value[name]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(value, dict):
        told = {key: value[key] for key in keys if key in value}
        rest = {key: text for key, text in value.items() if key not in told}
        value.clear()
        value.update({**told, **rest})

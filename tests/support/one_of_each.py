"""One row of every model, made from what its columns ask for: of any release."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.db import models

from tests.support.rows import NOON

_numbers = count(1)
VALUES: tuple[tuple[type[Any], Any], ...] = (
    (models.BooleanField, False),
    (models.DateTimeField, NOON),
    (models.DateField, NOON.date()),
    (models.DurationField, timedelta(seconds=1)),
    (models.FloatField, 1.0),
    (models.JSONField, {}),
    (models.BinaryField, b"bytes"),
    (models.GenericIPAddressField, "192.0.2.1"),
)


def fill(apps: Any, label: str, known: dict[str, Any]) -> dict[str, Any]:
    """Make a row of each model of an application that ``known`` has none of.

    ``known`` has rows by the names of their models, other applications' as well;
    returns it with what was made.
    """
    for model in apps.get_app_config(label).get_models():
        _make(model, known)
    return known


def _make(model: Any, known: dict[str, Any]) -> Any:
    name = model.__name__
    if name not in known:
        values = dict(_values(model, known))
        known[name] = model.objects.create(**values)
    return known[name]


def _values(model: Any, known: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for column in model._meta.concrete_fields:
        if column.is_relation:
            # What a row may hang on it does, so that migrations meet it.
            if column.related_model is not model:
                yield column.attname, _make(column.related_model, known).pk
        elif not (column.has_default() or column.null or is_numbered(column)):
            yield column.name, _value(column)


def is_numbered(column: Any) -> bool:
    return isinstance(column, models.AutoField)


def _value(column: Any) -> Any:
    if column.choices:
        return next(value for value, _ in column.flatchoices if value != "")
    for kind, value in VALUES:
        if isinstance(column, kind):
            return value
    number = next(_numbers)
    if isinstance(column, models.IntegerField):
        return number
    if isinstance(column, models.UUIDField):
        return UUID(int=number)
    return "" if column.blank else f"made-{number}"[: column.max_length]

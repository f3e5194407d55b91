"""Promises about what people read: any value is described, and none raises."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args
from zoneinfo import ZoneInfo

from msgspec.structs import fields

from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import SEVERAL, Single
from integrations.providers.typed.plain import plain
from integrations.providers.typed.values import one_line
from tests.providers.contract import paths
from tests.providers.contract.case import Case

ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    1e308,
    "",
    " ",
    "x" * 1_000_000,
    "2026-13-45",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "javascript:alert(1)",
    [],
    {},
    [None],
    [[]],
    {"a": {"b": []}},
    {"type": "zebra", "zebra": 5},
    [{"id": "x"}] * 300,
)


def describe(case: Case, properties: Any, schema: Any = None) -> list[DisplayField]:
    """Describe properties, and hold each field against what the pages can show."""
    told = case.schema if schema is None else schema
    shown = case.connector.describe(properties, told, case.script["account"])
    for field in shown:
        assert isinstance(field, DisplayField)
        assert field.name
        assert isinstance(field.label, str)
        assert field.label
        check_value(field.value)
        assert isinstance(in_words(field), str)
    return list(shown)


def in_words(field: DisplayField) -> str:
    """Return the type of a field's value, and the value as Berlin reads it."""
    words = plain(field.value, zone=ZoneInfo("Europe/Berlin"))
    return f"{type(field.value).__name__}: {words}"


def check_value(value: object) -> None:
    """A value is of one of the types, and so are its parts: nothing is left raw."""
    if isinstance(value, SEVERAL):
        assert value.values
        for each in value.values:
            check_value(each)
        return
    assert isinstance(value, get_args(Single)), value
    for part in (getattr(value, each.name) for each in fields(value)):
        assert not isinstance(part, dict | list | float), value
        assert not isinstance(part, Decimal) or part.is_finite()
        assert not isinstance(part, datetime) or part.utcoffset() == timedelta(0)


def values_become_fields(case: Case) -> None:
    """The first row has something to show: typed, labelled, important things first."""
    for page in case.read_all("pages"):
        for item in page.items:
            describe(case, item.properties)
    shown = [[f.label, in_words(f)] for f in describe(case, first_properties(case))]
    assert shown == case.script["first_shown"]
    assert shown


def first_properties(case: Case) -> Any:
    """Return the properties of the first item."""
    wanted = case.script["first_item"]["id"]
    return next(item.properties for item in case.items if item.id == wanted)


def odd_values_are_described(case: Case) -> None:
    """No value of any field raises, nor does a property that nobody knows."""
    base = first_properties(case)
    for name in field_names(case):
        for value in ODD_VALUES:
            describe(case, {**base, name: value})
    for value in ODD_VALUES:
        describe(case, {"nobody knows this": value})
        describe(case, {"about.unknown": value})


def odd_parts_of_values_are_described(case: Case) -> None:
    """A value of the right shape may hold anything inside."""
    base = first_properties(case)
    for path, _ in list(paths.walk(base))[:60]:
        for value in (None, 7, {}, [], "x", True):
            describe(case, paths.put(base, path, value))


def field_names(case: Case) -> Iterator[str]:
    """Yield the names of the fields of the schema and of the first item."""
    names = [str(entry["name"]) for entry in case.schema.get("fields", [])]
    yield from dict.fromkeys([*names, *first_properties(case)])


def a_missing_schema_is_survived(case: Case) -> None:
    """What was stored before a schema was read, or with an older one, is shown."""
    base = first_properties(case)
    case.connector.describe(base, {}, {})
    fields = case.schema.get("fields", [])
    strange = [{**entry, "kind": "zebra"} for entry in fields]
    describe(case, base, {**case.schema, "fields": strange})
    describe(case, base, {**case.schema, "fields": fields[:1]})
    describe(case, base, {**case.schema, "fields": []})


def what_names_an_item_is_its_name(case: Case) -> None:
    """The property that is no column beside the name says nothing else than that."""
    for item in case.items:
        named = case.connector.naming_property(item.type, case.schema)
        told = item.properties.get(named) if named else None
        if isinstance(told, str) and told.strip():
            assert item.name == one_line(told)


PROMISES: tuple[Callable[[Case], None], ...] = (
    values_become_fields,
    odd_values_are_described,
    odd_parts_of_values_are_described,
    a_missing_schema_is_survived,
    what_names_an_item_is_its_name,
)

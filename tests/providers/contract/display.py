"""Promises about what people read: any value is described, and none raises."""

from collections.abc import Callable, Iterator
from typing import Any

from integrations.providers.connector import VIEWER_ZONE
from integrations.providers.records import DisplayField
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
    account = {**case.script["account"], VIEWER_ZONE: "Europe/Berlin"}
    shown = case.connector.describe(
        properties, case.schema if schema is None else schema, account
    )
    for field in shown:
        assert isinstance(field, DisplayField)
        assert field.name
        assert isinstance(field.label, str)
        assert field.label
        assert field.value not in ("", None)
    return list(shown)


def values_become_fields(case: Case) -> None:
    """The recorded rows have something to show, each field under its label."""
    properties = [i.properties for page in case.read_all("pages") for i in page.items]
    shown = [describe(case, each) for each in properties]
    assert any(shown)
    wanted = case.script["first_shown"]
    first = {field.label: field for field in describe(case, first_properties(case))}
    for label, kind in wanted.items():
        assert first[label].kind == kind, label


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


PROMISES: tuple[Callable[[Case], None], ...] = (
    values_become_fields,
    odd_values_are_described,
    odd_parts_of_values_are_described,
    a_missing_schema_is_survived,
)

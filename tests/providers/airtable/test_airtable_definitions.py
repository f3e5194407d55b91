"""What values follow from that nobody edits, in a whole base."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from integrations.providers.airtable.api.bases import Table, read_tables
from integrations.providers.airtable.listing.schema import to_schema
from integrations.providers.airtable.listing.structure import tag_of
from integrations.providers.airtable.mapping import definitions
from integrations.providers.records import DEFINITIONS_KEY
from integrations.providers.typed.definitions import NAMING
from integrations.providers.typed.definitions import tag_of as definitions_tag_of
from integrations.services.sync.refresh.schemas import changed_fields

BASE = "appAAAAAAAAAAAAA1"
TASKS, OWNERS = "tblAAAAAAAAAAAAA1", "tblAAAAAAAAAAAAA2"
TITLE, CODE, LINK, LOOKUP, DOUBLE, PICK = (
    f"fldAAAAAAAAAA{name}" for name in ("titl", "code", "link", "look", "doub", "pick")
)
WHO, LEVEL, SCORE, RAW = (
    f"fldBBBBBBBBBB{name}" for name in ("name", "levl", "scor", "rawn")
)
NUMBER = {"type": "number", "options": {"precision": 0}}


def field(key: str, kind: str, **options: Any) -> dict[str, Any]:
    return {"id": key, "name": key, "type": kind, "options": options}


def lookup(key: str, of: str) -> dict[str, Any]:
    about = {"recordLinkFieldId": LINK, "fieldIdInLinkedTable": of}
    return field(key, "multipleLookupValues", **about, isValid=True, result=NUMBER)


def base() -> dict[str, Any]:
    """Return tasks that look up a score of their owner, which follows from a level."""
    tasks = {
        TITLE: field(TITLE, "singleLineText"),
        CODE: field(CODE, "singleLineText"),
        LINK: field(LINK, "multipleRecordLinks", linkedTableId=OWNERS),
        LOOKUP: lookup(LOOKUP, SCORE),
        PICK: lookup(PICK, LEVEL),
        DOUBLE: formula(DOUBLE, f"{{{LOOKUP}}}*2", LOOKUP),
    }
    owners = {
        WHO: field(WHO, "singleLineText"),
        LEVEL: field(LEVEL, "singleSelect", choices=[{"id": "s1", "name": "high"}]),
        RAW: field(RAW, "number", precision=0),
        SCORE: formula(SCORE, f"{{{RAW}}}+1", RAW, LEVEL),
    }
    return {"primary": TITLE, "tasks": tasks, "owners": owners}


def formula(key: str, text: str, *of: str) -> dict[str, Any]:
    about = {"formula": text, "referencedFieldIds": list(of), "isValid": True}
    return field(key, "formula", **about, result=NUMBER)


def tasks_in(world: dict[str, Any]) -> Any:
    told = {
        "tables": [
            {
                "id": key,
                "name": name,
                "primaryFieldId": primary,
                "fields": list(world[name].values()),
            }
            for key, name, primary in (
                (TASKS, "tasks", world["primary"]),
                (OWNERS, "owners", WHO),
            )
        ]
    }
    return read_tables(told).known[0]


def options(world: dict[str, Any], table: str, key: str) -> Any:
    return world[table][key]["options"]


def another_formula_there(world: dict[str, Any]) -> None:
    options(world, "owners", SCORE)["formula"] += "+1"


def another_type_there(world: dict[str, Any]) -> None:
    world["owners"][RAW]["type"] = "singleLineText"


def a_renamed_option_there(world: dict[str, Any]) -> None:
    options(world, "owners", LEVEL)["choices"][0]["name"] = "higher"


def a_broken_formula(world: dict[str, Any]) -> None:
    options(world, "tasks", DOUBLE)["isValid"] = False


def another_lookup(world: dict[str, Any]) -> None:
    options(world, "tasks", LOOKUP)["fieldIdInLinkedTable"] = RAW


def another_table(world: dict[str, Any]) -> None:
    options(world, "tasks", LINK)["linkedTableId"] = TASKS


def another_primary_field(world: dict[str, Any]) -> None:
    world["primary"] = CODE


def another_kind_of_primary_field(world: dict[str, Any]) -> None:
    world["tasks"][TITLE]["type"] = "date"


def a_new_option_there(world: dict[str, Any]) -> None:
    options(world, "owners", LEVEL)["choices"].append({"id": "s2", "name": "low"})


def new_names(world: dict[str, Any]) -> None:
    for table in ("tasks", "owners"):
        for each in world[table].values():
            each["name"] = "New"


def another_order_of_references(world: dict[str, Any]) -> None:
    options(world, "owners", SCORE)["referencedFieldIds"].reverse()


def another_precision(world: dict[str, Any]) -> None:
    shown = {"type": "number", "options": {"precision": 4}}
    options(world, "tasks", DOUBLE)["result"] = shown


@pytest.mark.parametrize(
    ("change", "lagging"),
    [
        (another_formula_there, {LOOKUP, DOUBLE}),
        (another_type_there, {LOOKUP, DOUBLE}),
        (a_renamed_option_there, {LOOKUP, DOUBLE, PICK}),
        (a_broken_formula, {DOUBLE}),
        (another_lookup, {LOOKUP, DOUBLE}),
        (another_table, {LINK, LOOKUP, DOUBLE, PICK}),
        (another_primary_field, {NAMING}),
        (another_kind_of_primary_field, {NAMING, TITLE}),
        (a_new_option_there, set()),
        (new_names, set()),
        (another_order_of_references, set()),
        (another_precision, set()),
    ],
)
def test_what_follows_from_other_fields_lags_behind_them(
    change: Any, lagging: set[str]
) -> None:
    before, world = tasks_in(base()), base()
    change(world)
    after = tasks_in(world)

    found = changed_fields(to_schema(BASE, before), to_schema(BASE, after))

    assert found == lagging
    assert tags_of(before) != tags_of(after) or not lagging


def tags_of(table: Table) -> set[str]:
    return {tag_of(table), definitions_tag_of(parts_of(table))}


def parts_of(table: Table) -> Any:
    return table.definitions.of_table(table.fields, table.primary_field_id)


def test_the_tag_of_a_schema_is_that_of_releases_that_keep_no_definitions() -> None:
    world = base()
    options(world, "owners", SCORE)["formula"] += "+1"
    before, after = tasks_in(base()), tasks_in(world)

    assert tag_of(before) == tag_of(after) == "5ddb2d8c737dcc64"
    assert definitions_tag_of(parts_of(before)) != definitions_tag_of(parts_of(after))


def test_where_too_many_fields_are_followed_any_change_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(definitions, "MOST_PARTS", 2)
    before, world = tasks_in(base()), base()
    options(world, "owners", SCORE)["formula"] += "+1"

    found = changed_fields(to_schema(BASE, before), to_schema(BASE, tasks_in(world)))

    assert found == {LOOKUP, DOUBLE, PICK}


def test_fields_that_follow_from_each_other_in_a_circle_are_read_once() -> None:
    world = base()
    options(world, "owners", SCORE)["referencedFieldIds"] = [SCORE, "fldNoSuchField000"]
    options(world, "tasks", DOUBLE)["referencedFieldIds"] = [DOUBLE, LOOKUP, 7]

    assert to_schema(BASE, tasks_in(world))


def with_choices(count: int, formulas: int) -> dict[str, Any]:
    """Return tasks with choices, a thousand to a field, and formulas of each field."""
    world = base()
    picks = {}
    for number in range(-(-count // 1000)):
        key = f"fldPPPPPPPPPP{number:04}"
        choices = [{"id": f"sel{n}", "name": f"Choice {n}"} for n in range(1000)]
        picks[key] = field(key, "singleSelect", choices=choices)
    keys = [f"fldFFFFFFFFFF{number:04}" for number in range(formulas)]
    world["tasks"] |= picks | {key: formula(key, "…", *picks) for key in keys}
    return world


def in_a_row(count: int) -> dict[str, Any]:
    """Return tasks with formulas that follow from one another."""
    world, before = base(), LOOKUP
    for number in range(count):
        key = f"fldFFFFFFFFFF{number:04}"
        world["tasks"][key] = formula(key, "…", before)
        before = key
    return world


def test_a_choice_that_many_formulas_follow_from_is_kept_once() -> None:
    schema = to_schema(BASE, tasks_in(with_choices(10_000, 100)))

    kept = schema.pop(DEFINITIONS_KEY)

    assert len(kept) > 100
    assert len(json.dumps(kept)) < 2 * len(json.dumps(schema))


def test_one_fingerprint_stands_for_more_choices_than_are_kept_of_a_field() -> None:
    world = with_choices(1000, 1)
    (key,) = {name for name in world["tasks"] if name.startswith("fldP")}
    of_few = sum(map(len, definitions_of(world).values()))
    choices = options(world, "tasks", key)["choices"]

    choices += [{"name": f"More {number}"} for number in range(9000)]
    assert sum(map(len, definitions_of(world).values())) < of_few - 900
    before = to_schema(BASE, tasks_in(world))
    choices[-1] = {"name": "Renamed"}

    found = changed_fields(before, to_schema(BASE, tasks_in(world)))
    assert found == {"fldFFFFFFFFFF0000"}


def definitions_of(world: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = to_schema(BASE, tasks_in(world))[DEFINITIONS_KEY]
    return found


def calls_of(do: Callable[[], object]) -> int:
    """Return how many functions are called meanwhile."""
    calls = 0

    def note(_frame: object, event: str, _about: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(before)
    return calls


def test_formulas_in_a_row_take_as_many_steps_and_parts_as_there_are() -> None:
    steps, sizes = [], []
    for count in (100, 200):
        world, other = in_a_row(count), in_a_row(count)
        options(other, "owners", SCORE)["formula"] += "+1"
        before, after = tasks_in(world), tasks_in(other)
        found = set[str]()

        def compare(
            before: Any = before, after: Any = after, found: Any = found
        ) -> None:
            found |= changed_fields(to_schema(BASE, before), to_schema(BASE, after))

        steps.append(calls_of(compare))
        sizes.append(sum(map(len, definitions_of(world).values())))
        assert len(found) == count + len({LOOKUP, DOUBLE})

    assert steps[1] < 2.5 * steps[0]
    assert sizes[1] < 2.5 * sizes[0]


def test_a_table_is_worked_out_once() -> None:
    table = tasks_in(base())
    to_schema(BASE, table)

    of_table = table.definitions.of_table
    assert calls_of(lambda: of_table(table.fields, table.primary_field_id)) < 5

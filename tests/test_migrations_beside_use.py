"""Migrations that would break old code running beside new are refused."""

import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from integrations.migrations import _beside_use as beside_use

GUARD = Path(__file__).parent.parent / ".ci" / "migrations.py"
INDEX = models.Index(fields=("name",), name="box_by_name")
ONCE = models.UniqueConstraint(fields=("name",), name="box_once")


@pytest.fixture(scope="module")
def guard() -> Iterator[ModuleType]:
    spec = spec_from_file_location("migration_guard", GUARD)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def boxes() -> ProjectState:
    """Return a project with one table that has rows."""
    fields = (
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=60)),
        ("note", models.CharField(max_length=60, null=True)),
    )
    state = ProjectState()
    options = {"indexes": [INDEX]}
    state.add_model(ModelState("store", "Box", fields, options))
    return state


def refused(
    guard: ModuleType, *operations: Operation, **options: dict[str, str] | bool
) -> list[str]:
    migration = migrations.Migration("0002_next", "store")
    migration.operations = list(operations)
    for name, value in options.items():
        setattr(migration, name, value)
    return list(guard.refused(migration, boxes()))


def altered(name: str, **options: Any) -> Operation:
    return migrations.AlterField("box", name, models.CharField(**options))


def added(field: Any) -> Operation:
    return migrations.AddField("box", "size", field)


def table(name: str, **fields: Any) -> Operation:
    key = models.BigAutoField(primary_key=True)
    return migrations.CreateModel(name, [("id", key), *fields.items()])


def key_to(model: str, **options: Any) -> Any:
    return models.ForeignKey(
        model, models.CASCADE, null=True, db_index=False, **options
    )


def table_of_lids(*, db_constraint: bool) -> Operation:
    return table("Lid", box=key_to("store.Box", db_constraint=db_constraint))


BREAKING = {
    "drops box.name": migrations.RemoveField("Box", "name"),
    "drops box": migrations.DeleteModel("Box"),
    "renames box.name": migrations.RenameField("Box", "name", "title"),
    "renames box": migrations.RenameModel("Box", "Crate"),
    "old code inserts no box.size": added(models.IntegerField(default=0)),
    "old code may write null to box.note": altered("note", max_length=60),
    "changes the type of box.name": altered("name", max_length=20),
    "constrains box.size: unique": added(models.IntegerField(null=True, unique=True)),
    "constrains box.name: unique": altered("name", max_length=60, unique=True),
    "constrains box: box_once": migrations.AddConstraint("box", ONCE),
    "constrains box: unique together": migrations.AlterUniqueTogether(
        "box", {("name", "note")}
    ),
    "locks box.name for an index": altered("name", max_length=60, db_index=True),
    "locks box for index box_by_name": migrations.AddIndex("box", INDEX),
    "old code deletes no box that lid.box names": table_of_lids(db_constraint=True),
    "old code deletes no box that lid.boxes names": table(
        "Lid", boxes=models.ManyToManyField("store.Box")
    ),
    "old code deletes no box that box.size names": added(key_to("self")),
    # The table between the two names boxes in any case.
    "old code deletes no box that box.lids names": migrations.AddField(
        "box", "lids", models.ManyToManyField("store.Lid")
    ),
    "runs SQL that this check cannot read": migrations.RunSQL("drop table store_box"),
}


@pytest.mark.parametrize("breaking", BREAKING)
def test_what_breaks_old_code_is_refused_unless_it_says_why(
    guard: ModuleType, breaking: str
) -> None:
    operation = BREAKING[breaking]

    assert refused(guard, operation) == [f"0002_next: {breaking}"]
    hidden = migrations.SeparateDatabaseAndState(database_operations=[operation])
    assert refused(guard, hidden) == [f"0002_next: {breaking}"]
    assert refused(guard, operation, breaks_old_code={breaking: " "})
    assert not refused(guard, operation, breaks_old_code={breaking: "Nobody is left."})


@pytest.mark.parametrize(
    "by_hand",
    [
        migrations.RunPython(migrations.RunPython.noop),
        migrations.RunSQL("alter table store_box"),
    ],
)
@pytest.mark.parametrize(
    ("breaking", "told"),
    [
        (
            "changes the type of box.name",
            migrations.AlterField("box", "name", models.TextField()),
        ),
        ("drops box.note", migrations.RemoveField("box", "note")),
    ],
)
def test_what_code_of_its_own_does_is_judged_by_what_it_is_told_to_have_done(
    guard: ModuleType, breaking: str, told: Operation, by_hand: Operation
) -> None:
    done = migrations.SeparateDatabaseAndState([by_hand], [told])
    nested = migrations.SeparateDatabaseAndState([done])

    for operation in (done, nested):
        assert f"0002_next: {breaking}" in refused(guard, operation)
    assert not refused(guard, migrations.SeparateDatabaseAndState([], [told]))


def test_another_type_is_refused_and_a_longer_one_is_not(guard: ModuleType) -> None:
    other = migrations.AlterField("box", "name", models.IntegerField())

    assert refused(guard, other) == ["0002_next: changes the type of box.name"]
    assert not refused(guard, altered("name", max_length=200))


def test_what_old_code_can_live_with_is_allowed(guard: ModuleType) -> None:

    assert not refused(
        guard,
        added(models.IntegerField(null=True)),
        migrations.AddField("box", "at", models.DateTimeField(db_default=Now())),
        beside_use.AddIndex("box", INDEX),
        AddIndexConcurrently("box", INDEX),
        beside_use.RemoveIndex("box", "box_by_name"),
        migrations.RunPython(migrations.RunPython.noop),
        table_of_lids(db_constraint=False),
        migrations.AddField("lid", "size", models.IntegerField(default=1)),
        migrations.AddIndex("lid", models.Index(fields=("size",), name="lid_size")),
    )


def test_rows_of_new_tables_may_hold_on_to_one_another(guard: ModuleType) -> None:
    lid = key_to("store.Lid")
    boxes = models.ManyToManyField("store.Box", through="store.Fit")
    fit = table("Fit", lid=lid, box=key_to("store.Box"))

    assert not refused(
        guard,
        table("Lid", outer=key_to("self"), others=models.ManyToManyField("self")),
        table("Hinge", lid=lid),
        migrations.AddField("lid", "hinge", key_to("store.Hinge")),
        migrations.AddField("lid", "boxes", boxes),
        table("Seal", boxes=boxes),
        added(key_to("store.Lid")),
    )
    breaking = "0002_next: old code deletes no box that {} names"
    assert refused(guard, fit) == [breaking.format("fit.box")]
    late = migrations.AddField("lid", "box", key_to("store.Box"))
    assert refused(guard, table("Lid"), late) == [breaking.format("lid.box")]


def test_a_reason_for_what_is_not_done_is_refused(guard: ModuleType) -> None:
    lines = refused(
        guard,
        table_of_lids(db_constraint=False),
        breaks_old_code={"drops box": "It was of no use."},
    )

    assert lines == ["0002_next: allows what it does not do: drops box"]


def test_without_a_transaction_every_operation_can_be_done_again(
    guard: ModuleType,
) -> None:
    beside = beside_use.AddIndex("box", INDEX)
    code = migrations.RunPython(migrations.RunPython.noop)

    assert not refused(guard, beside, code, atomic=False)
    assert not refused(guard, table_of_lids(db_constraint=False), atomic=True)
    assert refused(guard, table_of_lids(db_constraint=False), beside, atomic=False) == [
        "0002_next: cannot be repeated: CreateModel lid"
    ]


def test_migrations_of_ours_are_allowed(guard: ModuleType) -> None:
    assert guard.main() == 0

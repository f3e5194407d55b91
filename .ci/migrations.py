"""Migration check: refuses what breaks old code that runs beside new code.

During a rolling upgrade the old release reads and writes tables that are of the new
one already. A migration that has to break it says so, and why::

    class Migration(migrations.Migration):
        breaks_old_code = {"drops item.plan": "No release since 0.3 reads it."}

It refuses as well what could not go on where it was interrupted: without a transaction,
what was done stays, and is done again.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import django
from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.migrations.utils import resolve_relation
from django.db.models.constraints import BaseConstraint
from django.db.models.fields import NOT_PROVIDED

# Its app and its name in lower case.
Model = tuple[str, str]

ROOT: Final = Path(__file__).resolve().parent.parent
# Releases with those up to here are out.
NEWEST_BEFORE_THIS_CHECK: Final = 49
UNREADABLE: Final = (migrations.RunPython, migrations.RunSQL)
# What the type of a column depends on, besides the field's class.
TYPE_OPTIONS: Final = ("max_digits", "decimal_places", "to", "base_field")


def findings(migration: migrations.Migration, before: ProjectState) -> Iterator[str]:
    """Yield what a migration does that old code, or somebody waiting, will not bear.

    ``before`` is what the migration starts from; it is brought up to date meanwhile.
    """
    app = migration.app_label
    known = frozenset(before.models)
    for operation in migration.operations:
        for part in _parts(operation):
            if isinstance(part, migrations.RunSQL):
                yield "runs SQL that this check cannot read"
            for name, field in _new_fields(part):
                yield from _held(name, field, (app, _table(part)), known)
            if (app, _table(part)) in known:
                yield from _judge(part, before, app)
            if not (migration.atomic or _can_be_repeated(part)):
                yield f"cannot be repeated: {type(part).__name__} {_table(part)}"
        operation.state_forwards(app, before)


def _parts(operation: Operation) -> Iterator[Operation]:
    """Yield what is done to the database.

    What code or SQL does is what it is said to have done.
    """
    if not isinstance(operation, migrations.SeparateDatabaseAndState):
        yield operation
        return
    done = [part for each in operation.database_operations for part in _parts(each)]
    yield from done
    if any(isinstance(each, UNREADABLE) for each in done):
        yield from operation.state_operations


def _can_be_repeated(operation: Operation) -> bool:
    """Tell whether it can be done again; code is taken at its word."""
    ours = type(operation).__module__ == "integrations.migrations._beside_use"
    return ours or isinstance(operation, UNREADABLE)


def _table(operation: Any) -> str:
    """Return the model whose table changes, in lower case."""
    names = (getattr(operation, n, None) for n in ("model_name", "old_name", "name"))
    return next(filter(None, names), "").lower()


def _judge(operation: Any, before: ProjectState, app: str) -> Iterator[str]:
    table = _table(operation)
    match operation:
        case migrations.RemoveField():
            yield f"drops {table}.{operation.name}"
        case migrations.DeleteModel():
            yield f"drops {table}"
        case migrations.RenameModel() | migrations.AlterModelTable():
            yield f"renames {table}"
        case _:
            yield from _judge_column(operation, before, app, table)


def _new_fields(operation: Operation) -> Iterable[tuple[str, Any]]:
    match operation:
        case migrations.CreateModel():
            return operation.fields
        case migrations.AddField():
            return [(operation.name, operation.field)]
    return []


def _held(name: str, field: Any, of: Model, known: frozenset[Model]) -> Iterator[str]:
    """Judge what new rows hold on to: old code deletes that, and knows no such rows."""
    holds = field.remote_field if field.many_to_many else field
    if not getattr(holds, "db_constraint", False):
        return
    held = {resolve_relation(field.remote_field.model, *of)}
    if field.many_to_many:
        # A table between the two names either; one that is given is judged itself.
        held = set() if holds.through else held | {of}
    for _, model in held & known:
        yield f"old code deletes no {model} that {of[1]}.{name} names"


def _judge_column(
    operation: Any, before: ProjectState, app: str, table: str
) -> Iterator[str]:
    match operation:
        case migrations.RenameField():
            yield f"renames {table}.{operation.old_name}"
        case migrations.AddField():
            yield from _new_column(operation.field, f"{table}.{operation.name}")
        case migrations.AlterField():
            old = before.models[app, table].fields[operation.name]
            where = f"{table}.{operation.name}"
            yield from _other_column(old, operation.field, where)
        case _:
            yield from _judge_rule(operation, table)


def _judge_rule(operation: Any, table: str) -> Iterator[str]:
    """Judge what rows of a table have to keep to, and its indexes."""
    match operation:
        case migrations.AddConstraint():
            constraint: BaseConstraint = operation.constraint
            yield f"constrains {table}: {constraint.name}"
        case migrations.AlterUniqueTogether() if operation.option_value:
            yield f"constrains {table}: unique together"
        # Those that build beside all use are classes of their own.
        case migrations.AddIndex() if type(operation) is migrations.AddIndex:
            yield f"locks {table} for index {operation.index.name}"
        case migrations.RemoveIndex() if type(operation) is migrations.RemoveIndex:
            yield f"locks {table} for index {operation.name}"


def _new_column(field: Any, where: str) -> Iterator[str]:
    if field.many_to_many:
        return
    if not field.null and field.db_default is NOT_PROVIDED:
        yield f"old code inserts no {where}"
    yield from _indexed(field, where)


def _other_column(old: Any, new: Any, where: str) -> Iterator[str]:
    if _type_of(old) != _type_of(new) or _is_shorter(old, new):
        yield f"changes the type of {where}"
    if old.null and not new.null:
        yield f"old code may write null to {where}"
    if not old.unique or not old.db_index:
        yield from _indexed(new, where, unless_unique=old.unique)


def _indexed(field: Any, where: str, *, unless_unique: bool = False) -> Iterator[str]:
    if field.unique and not unless_unique:
        yield f"constrains {where}: unique"
    elif field.db_index and not field.unique:
        yield f"locks {where} for an index"


def _type_of(field: Any) -> tuple[object, ...]:
    """Return what has to be the same for the column to be left as it is."""
    _, path, _, options = field.deconstruct()
    return path, *(str(options.get(name)).lower() for name in TYPE_OPTIONS)


def _is_shorter(old: Any, new: Any) -> bool:
    if new.max_length is None:
        return False
    return old.max_length is None or new.max_length < old.max_length


def refused(migration: migrations.Migration, before: ProjectState) -> Iterator[str]:
    """Yield one line for each thing that is not allowed, or allowed in vain."""
    allowed: Mapping[str, str] = getattr(migration, "breaks_old_code", {})
    found = set(findings(migration, before))
    for each in sorted(found):
        if not allowed.get(each, "").strip():
            yield f"{migration.name}: {each}"
    for each in sorted(set(allowed) - found):
        yield f"{migration.name}: allows what it does not do: {each}"


def main() -> int:
    """Judge every migration of ours since the check is there."""
    sys.path.insert(0, str(ROOT))
    django.setup()
    loader = MigrationLoader(None)
    lines = [
        line
        for key in sorted(loader.graph.nodes)
        if key[0] == "integrations" and int(key[1][:4]) > NEWEST_BEFORE_THIS_CHECK
        for line in refused(
            loader.graph.nodes[key], loader.project_state(key, at_end=False)
        )
    ]
    print("\n".join(lines) or "no migration breaks old code")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())

"""Operations on large tables that are read and written meanwhile.

PostgreSQL builds and drops an index beside all use, which takes no transaction: such
a migration is not atomic. Each operation can be done again after it was interrupted.
What locks a table or an index as a whole waits for that in short tries.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from django.db import OperationalError, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState
from django.db.models import Index


# Whoever waits for such a lock holds back all who come later, readers too: for so many
# seconds, and then lets them pass.
LOCK_SECONDS: Final = 2
PAUSE_SECONDS: Final = 5
MOST_TRIES: Final = 60
LOCK_NOT_AVAILABLE: Final = "55P03"


def briefly(editor: BaseDatabaseSchemaEditor, act: Callable[[], None]) -> None:
    """Do what locks a table or an index as a whole, between those who read it.

    Raises OperationalError where somebody has read it all the time.
    """
    if editor.connection.vendor != "postgresql":
        act()
        return
    for left in reversed(range(MOST_TRIES)):
        try:
            with transaction.atomic(editor.connection.alias):
                editor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
                act()
                editor.execute("SET LOCAL lock_timeout = DEFAULT")
        except OperationalError as exc:
            code = getattr(exc.__cause__, "sqlstate", "")
            if code != LOCK_NOT_AVAILABLE or not left:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _create(editor: BaseDatabaseSchemaEditor, model: Any, index: Index) -> None:
    # What an interrupted build leaves behind is no index, and has its name.
    _drop(editor, index.name)
    if editor.connection.vendor == "postgresql":
        editor.add_index(model, index, concurrently=True)  # type: ignore[call-arg]
    else:
        editor.add_index(model, index)


def _drop(editor: BaseDatabaseSchemaEditor, name: str) -> None:
    way = "CONCURRENTLY " if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP INDEX {way}IF EXISTS {editor.quote_name(name)}")


class AddField(migrations.AddField):
    """Add a nullable column, unless an interrupted run has added it."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Add it."""
        model = to_state.apps.get_model(app_label, self.model_name)
        table = model._meta.db_table  # noqa: SLF001 (Django documents _meta)
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, table)
        added = model._meta.get_field(self.name).column  # noqa: SLF001
        if added not in {column.name for column in columns}:
            add = super().database_forwards
            briefly(
                schema_editor,
                lambda: add(app_label, schema_editor, from_state, to_state),
            )


class AddIndex(migrations.AddIndex):
    """Create an index while its table is in use."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create it."""
        model = to_state.apps.get_model(app_label, self.model_name)
        _create(schema_editor, model, self.index)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop it."""
        _drop(schema_editor, self.index.name)


class RemoveIndex(migrations.RemoveIndex):
    """Drop an index while its table is in use."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop it."""
        _drop(schema_editor, self.name)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create it."""
        state = to_state.models[app_label, self.model_name_lower]
        model = to_state.apps.get_model(app_label, self.model_name)
        _create(schema_editor, model, state.get_index_by_name(self.name))


class RemoveConstraint(migrations.RemoveConstraint):
    """Drop a constraint as a whole: SQLite copies the table for it."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop it."""
        drop = super().database_forwards
        with transaction.atomic(schema_editor.connection.alias):
            briefly(
                schema_editor,
                lambda: drop(app_label, schema_editor, from_state, to_state),
            )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create it."""
        with transaction.atomic(schema_editor.connection.alias):
            super().database_backwards(app_label, schema_editor, from_state, to_state)

"""Make once what every stack begins with: a migrated database, a seeded sandbox."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from shutil import copyfile

from config.run import prepare
from tests.real.support.stack import Stack
from tests.support.migrated import kept_database, remove_former
from tests.support.provider_answers.seeds import make_seed
from tests.support.shared_files import made_by_first


class Templates:
    """Keep files that all of pytest's workers copy from."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(exist_ok=True)

    def fill(self, stack: Stack, sizes: Mapping[str, int], properties: int) -> None:
        """Give a stack its data; a database on PostgreSQL has its own already."""
        var_dir = stack.directory / "var"
        var_dir.mkdir(mode=0o700, exist_ok=True)
        self.copy_sandbox(var_dir, sizes, properties)
        if stack.is_sqlite:
            self.copy_database(var_dir)

    def copy_database(self, var_dir: Path) -> None:
        """Put a migrated SQLite database where `make run` has it."""
        kept = kept_database("product", Path(prepare.__file__))
        template = made_by_first(kept, self._prepare)
        copyfile(template, var_dir / "mooring.sqlite3")

    def copy_sandbox(
        self, var_dir: Path, sizes: Mapping[str, int], properties: int = 0
    ) -> None:
        """Put a sandbox with accounts of the given sizes where `make run` has it."""
        numbers = (*(size for _, size in sorted(sizes.items())), properties)
        name = "-".join(str(number) for number in numbers)
        template = made_by_first(
            self._directory / f"sandbox-{name}.sqlite3",
            lambda path: make_seed(path, sizes, seed=1, properties=properties),
        )
        copyfile(template, var_dir / "sandbox.sqlite3")

    def postgres(self) -> Path:
        """Return an archive of a server whose database ``migrated`` is."""
        return made_by_first(self._directory / "postgres.tar", self._migrate_postgres)

    def _migrate_postgres(self, path: Path) -> None:
        # Slow to load, and not needed by most of pytest's workers.
        from tests.real.support.postgres import Postgres

        server = Postgres()
        url = server.create_database("migrated")
        Stack(self._directory / "migrated_postgres", database_url=url).prepare()
        server.archive(path)

    def _prepare(self, path: Path) -> None:
        """Let the product's own command prepare what is migrated already."""
        stack = Stack(self._directory / "prepared")
        migrated = made_by_first(kept_database("migrated"), self._migrate)
        copyfile(migrated, stack.directory / "var" / "mooring.sqlite3")
        stack.prepare()
        _store(stack, path)

    def _migrate(self, path: Path) -> None:
        """Let the product's own command migrate a database, for all tests to copy."""
        stack = Stack(self._directory / "migrated")
        stack.manage("migrate", "--noinput")
        _store(stack, path)


def _store(stack: Stack, path: Path) -> None:
    """Keep the database of a stack of which nothing runs."""
    with (
        closing(sqlite3.connect(stack.directory / "var" / "mooring.sqlite3")) as source,
        closing(sqlite3.connect(path)) as target,
    ):
        source.backup(target)
        # A database with a log beside it cannot be read out of memory.
        target.execute("PRAGMA journal_mode = DELETE")
    remove_former(path)

"""Tables sort, filter and group on PostgreSQL as they do on SQLite."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.real.stack import BASE_DIR

if TYPE_CHECKING:
    from tests.real.postgres import Postgres

pytestmark = pytest.mark.real
SAME = ("tests/services/items/tables", "tests/views/items/tables")


def test_what_is_said_of_tables_holds_on_postgresql(postgres: "Postgres") -> None:
    url = postgres.create_database("tables")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SAME],
        cwd=BASE_DIR,
        env={**os.environ, "TEST_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )

    assert done.returncode == 0, done.stdout[-3000:]

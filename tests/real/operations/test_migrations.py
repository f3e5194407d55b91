"""Every newer migration can be taken back on PostgreSQL, and applied again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.real.support.fork_server import ForkServers
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

if TYPE_CHECKING:
    from tests.real.support.postgres import Postgres

pytestmark = pytest.mark.real

# Those before are of releases that nobody goes back to.
OLDEST = "0031_item_links"
SHAPE = (
    (
        "select table_name, column_name, data_type || is_nullable"
        " from information_schema.columns where table_schema = 'public'"
    ),
    "select indexname, indexdef, '' from pg_indexes where schemaname = 'public'",
    (
        "select conrelid::regclass::text, contype::text, pg_get_constraintdef(oid)"
        " from pg_constraint where connamespace = 'public'::regnamespace"
    ),
)
READ = "select count(*) from integrations_item_search"
WAITS = (
    "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like %s"
)
FILL = """
from django.contrib.auth.models import User
from integrations.models import ItemChange
from tests.support.rows import NOON, make_collection, make_connection, make_item
alice = User.objects.create_user("alice")
for number in range(3):
    item = make_item(make_collection(make_connection(alice)))
    ItemChange.objects.create(item=item, at=NOON, kind="changed")
"""


def shape(stack: Stack) -> list[set[tuple[object, ...]]]:
    return [set(stack.rows(statement)) for statement in SHAPE]


@pytest.mark.parametrize("database", ["postgres"])
def test_migrations_go_back_and_forth_around_the_rows(
    database: str, postgres: "Postgres", tmp_path: Path
) -> None:
    url = postgres.create_database(template="migrated")
    stack = Stack(tmp_path, database_url=url, fork_servers=ForkServers())
    before = shape(stack)
    stack.manage("shell", "--no-imports", "-c", FILL)

    stack.manage("migrate", "integrations", OLDEST)
    assert shape(stack) != before
    stack.manage("migrate", "integrations")

    assert shape(stack) == before
    assert stack.rows("select count(*) from integrations_item") == [(3,)]
    unnamed = "select 1 from integrations_itemchange where connection_id is null"
    assert not stack.rows(unnamed)


@pytest.mark.parametrize("database", ["postgres"])
def test_a_migration_that_waits_for_a_long_reader_lets_others_read(
    database: str, postgres: "Postgres", tmp_path: Path
) -> None:
    url = postgres.create_database(template="migrated")
    stack = Stack(tmp_path, database_url=url, fork_servers=ForkServers())
    stack.manage("migrate", "integrations", "0069")
    with psycopg.connect(url) as long_reader, ThreadPoolExecutor() as pool:
        long_reader.execute(READ)
        migrated = pool.submit(stack.manage, "migrate", "integrations", "0070")
        with psycopg.connect(url, autocommit=True) as other:
            words = ("%ALTER INDEX%",)
            wait_until(lambda: other.execute(WAITS, words).fetchall(), "it waits")
            other.execute("set statement_timeout = '10s'")

            assert other.execute(READ).fetchall() == [(0,)]

        long_reader.rollback()
        migrated.result()
    options = "select reloptions from pg_class where relname = %s"
    with psycopg.connect(url) as after:
        name = ("integrations_item_search_vectors",)
        assert after.execute(options, name).fetchall() == [
            (["gin_pending_list_limit=512"],)
        ]

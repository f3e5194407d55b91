"""Test that one address says which database, and that its words reach the driver."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from config.environment.database import POSTGRESQL_OPTIONS, read_database, read_replica
from config.environment.env import Environment


def read(url: str = "", **values: str) -> dict[str, Any]:
    env = Environment({"DATABASE_URL": url, **values})
    return read_database(env, base_dir=Path("/base"), var_dir=Path("/base/var"))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("", "/base/var/mooring.sqlite3"),
        ("sqlite:///there.sqlite3", "/base/there.sqlite3"),
        ("sqlite:////elsewhere/a%20b.sqlite3", "/elsewhere/a b.sqlite3"),
        ("sqlite://:memory:", ":memory:"),
        ("sqlite://", ":memory:"),
    ],
)
def test_sqlite_is_a_file_below_the_project_unless_its_path_says_more(
    url: str, name: str
) -> None:
    database = read(url)

    assert database["ENGINE"] == "config.sqlite"
    assert database["NAME"] == name


def test_postgresql_is_named_by_the_parts_of_its_address() -> None:
    database = read(
        "postgres://ann:p%40ss%2F@db.example.com:6432/moor", DATABASE_CONN_MAX_AGE="7"
    )

    named = ("ENGINE", "USER", "PASSWORD", "HOST", "PORT", "NAME", "CONN_MAX_AGE")
    assert [database[name] for name in named] == [
        *("django.db.backends.postgresql", "ann", "p@ss/", "db.example.com", 6432),
        *("moor", 7),
    ]
    assert database["OPTIONS"] == POSTGRESQL_OPTIONS
    assert database["DISABLE_SERVER_SIDE_CURSORS"] is False


def test_options_of_the_driver_and_of_a_pooler_stand_behind_the_address() -> None:
    database = read(
        "postgresql:///moor?host=/run/postgresql&sslmode=verify-full&options="
        "&DISABLE_SERVER_SIDE_CURSORS=on"
    )

    assert (database["HOST"], database["OPTIONS"]["host"]) == ("", "/run/postgresql")
    assert database["OPTIONS"]["sslmode"] == "verify-full"
    assert database["OPTIONS"]["options"] == ""
    assert database["DISABLE_SERVER_SIDE_CURSORS"] is True


@pytest.mark.parametrize(
    "url",
    [
        "mysql://a:hidden@b/c",
        "postgres://a:hidden@b:port/c",
        "postgres://a:1#hidden@b/c",
        "postgres://a:1/hidden@b/c",
        "postgres://a:1?hidden@b/c",
        "hidden",
    ],
)
def test_an_address_of_no_database_is_refused_without_showing_it(url: str) -> None:
    env = Environment({"DATABASE_URL": url})

    database = read_database(env, base_dir=Path("/base"), var_dir=Path("/base/var"))

    assert database["ENGINE"] == "django.db.backends.dummy"
    [problem] = env.problems
    assert (problem.id, problem.name) == ("mooring.E026", "DATABASE_URL")
    assert "hidden" not in f"{problem} {problem.hint}"


def test_the_address_of_a_replica_is_read_as_strictly() -> None:
    env = Environment({"REPLICA_DATABASE_URL": "postgres://a:1/hidden@b/c"})

    read_replica(env)

    assert [problem.name for problem in env.problems] == ["REPLICA_DATABASE_URL"]


def test_a_replica_that_vanishes_is_given_up_within_seconds() -> None:
    url = "postgres://b/c?keepalives_idle=9&connect_timeout=30"
    replica = read_replica(Environment({"REPLICA_DATABASE_URL": url}))

    assert replica is not None
    options = replica["OPTIONS"]
    assert (options["connect_timeout"], options["tcp_user_timeout"]) == (2, 2000)
    assert (options["keepalives_interval"], options["keepalives_count"]) == (1, 2)
    assert options["keepalives_idle"] == "9"


@pytest.mark.skipif(connection.vendor == "sqlite", reason="PostgreSQL has helpers")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_parallel_workers_per_gather", "0"),
        ("jit", "off"),
        ("synchronize_seqscans", "off"),
    ],
)
def test_no_statement_of_a_page_waits_for_helpers_or_begins_where_others_are(
    name: str, value: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)

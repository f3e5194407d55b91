"""The guard over the order of locks sees what SQLite would not wait for."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from integrations.models import Collection, Connection, SyncRun
from integrations.services.common.database import row_locks
from tests.support import lock_order
from tests.support.rows import make_collection, make_connection, make_run

HERE = Path(__file__).parent


@pytest.fixture
def connection(alice: User) -> Connection:
    connection = make_connection(alice)
    make_collection(connection)
    make_run(connection)
    return connection


def test_whoever_locks_from_above_is_not_late(connection: Connection) -> None:
    with lock_order.watched(HERE) as order:
        with transaction.atomic():
            row_locks.lock_all(connection)
            connection.runs.update(failures=1)
            connection.collections.update(misses=0)
            connection.save(update_fields=["label"])
        connection.collections.update(misses=0)

    assert order.late == []


@pytest.mark.parametrize("model", [Connection, Collection])
def test_what_is_written_behind_what_is_below_it_is_late(
    connection: Connection, model: type
) -> None:
    @transaction.atomic
    def write() -> None:
        SyncRun.objects.update(failures=1)
        model.objects.update(created_at=connection.created_at)

    with lock_order.watched(HERE) as order:
        write()

    assert [each.partition(":")[0] for each in order.late] == [
        f"{model.__name__} after SyncRun"
    ]


def test_a_lock_that_is_asked_for_counts_as_one_that_is_written(
    connection: Connection,
) -> None:
    with lock_order.watched(HERE) as order, transaction.atomic():
        row_locks.lock_collections(connection.collections.all())
        row_locks.lock_connection(connection)

    assert len(order.late) == 1


def test_several_runs_that_are_written_in_no_order_are_noted(
    connection: Connection,
) -> None:
    make_run(make_connection(connection.owner))

    @transaction.atomic
    def write(in_order: bool) -> int:
        if in_order:
            return row_locks.update_in_order(SyncRun.objects.all(), failures=1)
        return SyncRun.objects.update(failures=1)

    with lock_order.watched(HERE) as order:
        assert write(True) == 2
        assert order.unordered == []
        assert write(False) == 2

    assert len(order.unordered) == 1

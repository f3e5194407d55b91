"""Statements made once are asked with each one's own values, and find what is stored.

Both databases run this: tests/real/pages/test_tables.py does so on PostgreSQL.
"""

import uuid
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet

from integrations.models import Collection, Connection, SyncRun
from integrations.services.common.database import prepared as module
from integrations.services.common.database.prepared import PreparedWarning, prepared
from tests.support.rows import make_collection, make_connection, make_run

LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


@prepared(Collection)
def of_owner(owner: int) -> "QuerySet[Collection]":
    return Collection.objects.filter(connection__owner_id=owner).order_by("name")


@prepared(Collection)
def named(
    keys: list[uuid.UUID], name: str, *, is_descending: bool = False
) -> "QuerySet[Collection, str]":
    rows = Collection.objects.filter(connection__in=keys, name__gte=name)
    rows = rows.order_by("-name" if is_descending else "name")
    return rows.values_list("name", flat=True)


@prepared(SyncRun)
def runs_until(at: datetime) -> "QuerySet[SyncRun]":
    return SyncRun.objects.filter(queued_at__lte=at).select_related("connection")


def test_each_gets_its_own_rows_and_those_that_are_stored_now(
    alice: User, bob: User, django_assert_num_queries: Any
) -> None:
    mine, yours = make_connection(alice), make_connection(bob, remote_id="2")
    first = make_collection(mine, name="A")

    assert of_owner(alice.pk) == [first]
    assert of_owner(bob.pk) == []
    second = make_collection(yours, name="B")
    with django_assert_num_queries(1):
        assert of_owner(bob.pk) == [second]
    first.name = "C"
    first.save()
    assert [each.name for each in of_owner(alice.pk)] == ["C"]


def test_lists_of_any_length_and_what_a_shape_decides(alice: User) -> None:
    rows = [make_connection(alice, remote_id=str(each)) for each in range(3)]
    for row, name in zip(rows, "abc", strict=True):
        make_collection(row, name=name)
    keys = [row.pk for row in rows]

    assert named(keys[:1], "a") == ["a"]
    assert named(keys, "b") == ["b", "c"]
    assert named(keys, "b", is_descending=True) == ["c", "b"]
    assert named(keys[::-1], "") == ["a", "b", "c"]
    assert named([keys[0], keys[0]], "a") == ["a"]
    assert named([], "a") == []
    many = [*keys, *(uuid.uuid4() for _ in range(module.MOST_VALUES))]
    assert named(many, "a") == ["a", "b", "c"]


def test_times_and_rows_beside_a_row(
    alice: User, django_assert_num_queries: Any
) -> None:
    run = make_run(make_connection(alice))

    assert runs_until(LONG_AGO) == []
    with django_assert_num_queries(1):
        assert [each.connection.owner_id for each in runs_until(LATER)] == [alice.pk]
    assert runs_until(LATER)[0].queued_at == run.queued_at


def test_what_is_added_to_a_row_comes_with_it(alice: User) -> None:
    connection = make_connection(alice)

    @prepared(Connection)
    def with_runs(owner: int) -> "QuerySet[Connection]":
        runs = Exists(SyncRun.objects.filter(connection=OuterRef("pk")))
        rows = Connection.objects.filter(owner_id=owner).annotate(has_runs=runs)
        return rows.defer("account")

    assert [vars(each)["has_runs"] for each in with_runs(alice.pk)] == [False]
    make_run(connection)
    assert [vars(each)["has_runs"] for each in with_runs(alice.pk)] == [True]
    assert with_runs(alice.pk)[0].get_deferred_fields() == {"account"}


def changed(name: str) -> "QuerySet[Collection]":
    return Collection.objects.filter(name__startswith=name)


def shifted(at: datetime) -> "QuerySet[SyncRun]":
    later = at + timedelta(hours=1)
    return SyncRun.objects.filter(queued_at__gt=at, finished_at__lt=later)


def of_small_numbers(position: int) -> "QuerySet[Collection]":
    return Collection.objects.filter(position__lte=position)


def of_smaller_numbers(deliveries: int) -> "QuerySet[SyncRun]":
    return SyncRun.objects.filter(deliveries__lt=deliveries)


def decided(owner: int) -> "QuerySet[Collection]":
    rows = Collection.objects.filter(connection__owner_id=owner)
    return rows.filter(name="odd") if owner % 2 else rows


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (changed, ["a"]),
        (shifted, [LATER]),
        (decided, [1]),
    ],
)
def test_what_does_more_than_compare_a_value_is_asked_as_it_is_and_warns(
    make: Any, values: list[Any], alice: User
) -> None:
    make_run(make_collection(make_connection(alice), name="abc").connection)
    model: Any = SyncRun if make is shifted else Collection
    with pytest.warns(PreparedWarning):
        found = prepared(model)(make)(*values)
    assert found == list(make(*values))


def test_what_cannot_be_kept_is_tried_once_and_warns_each_time(alice: User) -> None:
    made: list[int] = []

    @prepared(Collection)
    def odd(owner: int) -> "QuerySet[Collection]":
        made.append(owner)
        return decided(owner)

    for _ in range(3):
        with pytest.warns(PreparedWarning):
            odd(alice.pk)

    # Two stand for it at first.
    assert len(made) == 2 + 3
    assert made[2:] == [alice.pk] * 3


@pytest.mark.parametrize("number", [-1, 0, 1, 5, 40_000, 3_000_000_000])
def test_numbers_that_a_column_cannot_hold_are_compared_all_the_same(
    alice: User, number: int
) -> None:
    run = make_run(make_collection(make_connection(alice), position=3).connection)
    assert run.deliveries == 0
    for model, make in ((Collection, of_small_numbers), (SyncRun, of_smaller_numbers)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PreparedWarning)
            asked: Any = prepared(model)(make)  # type: ignore[arg-type]
            assert asked(number) == list(make(number))


class Name(str):
    """A text of a type of its own, as templates and choices have."""

    __slots__ = ()


class Key(int):
    """A number of a type of its own."""


def test_values_of_types_of_their_own_are_asked_as_django_does(alice: User) -> None:
    mine = make_connection(alice)
    make_collection(mine, name="A")

    assert named([mine.pk], Name("A")) == ["A"]
    assert [each.name for each in of_owner(Key(alice.pk))] == ["A"]


@pytest.mark.parametrize("value", [None, True, 1.5, {"a"}])
def test_a_value_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        of_owner(value)

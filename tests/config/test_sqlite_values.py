"""Keys and times come out of SQLite as Django's own backend reads them."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connections
from django.db.backends.sqlite3 import base

Djangos = base.DatabaseWrapper.ops_class
database = connections["default"]
pytestmark = pytest.mark.skipif(database.vendor != "sqlite", reason="of SQLite alone")
KEY = UUID("01a22b5f-f56c-75f7-bfab-3d1d3a15bddb")
AT = datetime(2026, 11, 30, 7, 33, 58, 757924)  # noqa: DTZ001 (as SQLite stores it)


@pytest.mark.parametrize("text", [KEY.hex, str(KEY), None])
def test_a_key_is_what_django_reads(text: str | None) -> None:
    found = [database.ops.convert_uuidfield_value(text, None, database)] * 2

    assert (
        found == [Djangos(database).convert_uuidfield_value(text, None, database)] * 2
    )


@pytest.mark.parametrize("told", [AT, AT.replace(tzinfo=UTC), str(AT), None])
def test_a_time_is_what_django_reads(told: object) -> None:
    found = database.ops.convert_datetimefield_value(told, None, database)

    assert found == Djangos(database).convert_datetimefield_value(told, None, database)
    assert found is None or found.tzinfo is UTC


def test_a_key_that_was_met_is_not_read_again() -> None:
    first, again = (
        database.ops.convert_uuidfield_value(KEY.hex, None, database) for _ in range(2)
    )

    assert first is again


def test_a_time_of_another_zone_is_left_to_django(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(database.settings_dict, "TIME_ZONE", "Europe/Berlin")
    monkeypatch.delitem(vars(database), "timezone", raising=False)
    monkeypatch.delitem(vars(database), "timezone_name", raising=False)

    found = database.ops.convert_datetimefield_value(AT, None, database)
    vars(database).pop("timezone", None)
    vars(database).pop("timezone_name", None)

    assert found.utcoffset().total_seconds() == 3600

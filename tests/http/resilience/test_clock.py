"""A provider's clock is read from its answers, and one odd date decides nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.http import http_date

from integrations.http.resilience.clock import ClockSkew, date_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def dated(at: datetime) -> dict[str, str]:
    return {"date": http_date(at.timestamp())}


def test_the_skew_is_the_median_of_the_latest_answers() -> None:
    skew = ClockSkew()
    for minutes in (0, 40, 40, 600_000, 40):
        headers = dated(NOW - timedelta(minutes=minutes))
        skew.note(headers, received=NOW, elapsed=0.0)

    assert skew.seconds == 2400

    for _ in range(9):
        skew.note(dated(NOW + timedelta(minutes=5)), received=NOW, elapsed=0.0)

    assert skew.seconds == -300


def test_an_answer_was_dated_while_it_was_waited_for() -> None:
    skew = ClockSkew()

    skew.note(dated(NOW), received=NOW + timedelta(seconds=20), elapsed=20.0)

    assert skew.seconds == 10


@pytest.mark.parametrize(
    "value", ["", "yesterday", "Sun, 99 Nov 2026 12:01:00 GMT", "9" * 4000, "\ud800"]
)
def test_an_odd_date_is_none(value: str) -> None:
    skew = ClockSkew()

    skew.note({"date": value}, received=NOW, elapsed=0.0)

    assert date_of({"date": value}) is None
    assert skew.seconds is None


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        ("3600", 0),
        (" 3600 ", 0),
        ("", 3600),
        ("-5", 3600),
        ("an hour", 3600),
        ("9" * 4000, 3600),
        ("3600, 10", 3600),
    ],
)
def test_an_answer_out_of_a_cache_is_as_old_as_the_cache_says(
    age: str, seconds: float
) -> None:
    """The Date is that of the provider, and the cache has kept it since."""
    skew = ClockSkew()

    kept = {**dated(NOW - timedelta(hours=1)), "age": age}
    skew.note(kept, received=NOW, elapsed=0.0)

    assert skew.seconds == seconds


@pytest.mark.parametrize("year", [1970, 1999, 2099])
def test_a_date_before_or_long_after_this_program_is_none(year: int) -> None:
    """A device in front without a clock must not have everything read again."""
    skew = ClockSkew()

    skew.note(dated(NOW.replace(year=year)), received=NOW, elapsed=0.0)

    assert skew.seconds is None

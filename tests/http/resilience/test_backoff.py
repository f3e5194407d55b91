"""Waits are bounded, jittered and never nonsense."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.http.resilience.backoff import (
    MAX_RETRY_AFTER,
    full_jitter,
    retry_after,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("12", 12.0),
        ("0", 0.0),
        (" 1.5 ", 1.5),
        ("999999999", MAX_RETRY_AFTER),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Fri, 22 Nov 2999 11:00:00 GMT", MAX_RETRY_AFTER),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("NaN", None),
        ("1e3", None),
        ("9" * 5000, None),
        ("٣", None),
        ("Sun, 99 Nov 2026 12:01:00 GMT", None),
        ("Sun, 22 Nov 2026 12:01:00", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_nonsense_is_ignored(value, seconds):
    assert retry_after({"retry-after": value}, now=NOW) == seconds


def test_no_header_means_no_wish():
    assert retry_after({}) is None


def test_full_jitter_grows_up_to_its_cap():
    waits = [full_jitter(n, base=1, cap=10, rand=lambda: 1.0) for n in range(6)]

    assert waits == [1, 2, 4, 8, 10, 10]
    assert full_jitter(10_000, cap=10, rand=lambda: 1.0) == 10
    assert full_jitter(3, rand=lambda: 0.0) == 0


def test_a_date_to_wait_for_counts_from_the_answers_own() -> None:
    headers = {
        "retry-after": "Sun, 22 Nov 2026 12:01:00 GMT",
        "date": "Sun, 22 Nov 2026 12:00:30 GMT",
    }

    for clock in (NOW - timedelta(hours=1), NOW, NOW + timedelta(hours=1)):
        assert retry_after(headers, now=clock) == 30.0

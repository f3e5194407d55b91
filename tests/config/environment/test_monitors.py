"""Where errors and traces are sent to is read strictly, and never told."""

from typing import Any

import pytest

from config.checks import check_telemetry
from config.environment.env import Environment
from config.environment.monitors import read_headers, read_sentry_dsn

KEY = "Ea4XzZt8QdCh1RsEi4NjPm0Vy"


@pytest.mark.parametrize(
    ("dsn", "is_taken"),
    [
        (f"https://{KEY}@sentry.example.com/7", True),
        (f"http://{KEY}@localhost:9000/7", True),
        ("", True),
        (f"http://{KEY}@sentry.example.com/7", False),
        ("https://sentry.example.com/7", False),
        (f"https://{KEY}@sentry.example.com/", False),
        (f"ftp://{KEY}@localhost/7", False),
        (f"https://{KEY}@[sentry/7", False),
    ],
)
def test_a_dsn_is_a_whole_https_address(dsn: str, is_taken: bool) -> None:
    env = Environment({"SENTRY_DSN": dsn})

    assert read_sentry_dsn(env) == (dsn if is_taken else "")

    assert [each.id for each in env.problems] == ([] if is_taken else ["mooring.E022"])
    assert KEY not in str(env.problems)


def test_headers_of_a_collector_are_pairs() -> None:
    env = Environment({"H": f"authorization=Bearer {KEY}==, x-team = sea", "BAD": KEY})

    assert read_headers(env, "H") == {
        "authorization": f"Bearer {KEY}==",
        "x-team": "sea",
    }
    assert read_headers(env, "BAD") == {}
    assert [each.id for each in env.problems] == ["mooring.E023"]
    assert KEY not in str(env.problems)


def test_traces_without_their_packages_are_refused_by_name(settings: Any) -> None:
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "https://otel.example.com"
    settings.IS_TELEMETRY_INSTALLED = True
    assert check_telemetry() == []

    settings.IS_TELEMETRY_INSTALLED = False
    assert [each.id for each in check_telemetry()] == ["mooring.E024"]

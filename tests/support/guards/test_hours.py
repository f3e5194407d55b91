"""No test begins just before a day ends anywhere."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.support.guards.hours import LAST_SECONDS, seconds_to_wait

CALIFORNIA = timezone(timedelta(hours=-8))
NEPAL = timezone(timedelta(hours=5, minutes=45))


@pytest.mark.parametrize("zone", [UTC, CALIFORNIA, NEPAL])
@pytest.mark.parametrize(
    ("before", "wait"),
    [(LAST_SECONDS - 0.5, LAST_SECONDS - 0.5), (0.25, 0.25), (LAST_SECONDS + 1, 0)],
)
def test_the_end_of_a_day_is_waited_for_once_it_is_near(
    zone: timezone, before: float, wait: float
) -> None:
    midnight = datetime(2027, 1, 1, tzinfo=zone).timestamp()

    assert seconds_to_wait(midnight - before) == wait
    assert seconds_to_wait(midnight) == 0

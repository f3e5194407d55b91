"""What reading an account costs in API calls a month."""

import pytest

from integrations.providers import CONNECTORS
from integrations.providers.airtable.cost import (
    FULL_REFRESH_HOURS,
    PLANS,
    fitting_schedule,
    monthly_calls,
    monthly_listing_calls,
    monthly_structure_calls,
)
from integrations.providers.capabilities import EstimatesCost

FREE, TEAM, _ = (plan.calls for plan in PLANS)


def make_counts(*record_counts):
    """Return one base with tables of so many records, and the structure."""
    tables = {f"app1/tbl{n}": count for n, count in enumerate(record_counts)}
    return {"structure": 2, **tables}


def fit(*record_counts, quota=FREE):
    counts = make_counts(*record_counts)
    return fitting_schedule(counts, chosen=list(counts), quota=quota)


def test_a_table_read_once_a_day_costs_its_pages_and_its_schema_each_time():
    assert monthly_calls(10_000, 1440) == 31 * 101 + 4


def test_looking_for_changes_costs_a_call_even_when_there_are_none():
    assert monthly_calls(0, 60) == 31 * 2 + (827 - 31)


def test_many_changes_cost_a_call_for_each_hundred():
    quiet, busy = (monthly_calls(0, 60, changes_per_run=n) for n in (100, 101))

    assert busy - quiet == 827 - 31


@pytest.mark.parametrize(("records", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2)])
def test_a_page_holds_a_hundred_records(records, pages):
    assert monthly_calls(records, 10_000, full_refresh_hours=1) == 5 * (pages + 1)


def test_a_run_is_no_more_than_one_full_refresh():
    assert monthly_calls(0, 1440, full_refresh_hours=1) == 35 * 2


def test_the_structure_costs_a_call_for_each_base_and_listing():
    assert monthly_structure_calls(4, 1440) == 35 * 5
    assert monthly_structure_calls(11, 1440) == 35 * 13


def test_new_tables_are_looked_for_once_a_day_at_the_most():
    assert monthly_listing_calls(4, 60) == 31 * 5
    assert monthly_listing_calls(4, 10_080) == 5 * 5


def test_the_connector_estimates_every_collection():
    connector = CONNECTORS["airtable"]
    assert isinstance(connector, EstimatesCost)

    found = connector.estimate(
        make_counts(0, 900), interval_minutes=1440, full_refresh_hours=24
    )

    assert found.collections == {
        "structure": 35 * 2,
        "app1/tbl0": 31 * 2 + 4,
        "app1/tbl1": 31 * 10 + 4,
    }
    assert found.listing == 31 * 2


@pytest.mark.parametrize("record_counts", [[900], [300, 200, 10], [5] * 15, [20_000]])
def test_a_free_plan_gets_a_schedule_that_fits(record_counts):
    schedule = fit(*record_counts)

    assert schedule is not None
    assert schedule.calls <= FREE
    assert schedule.full_refresh_hours in FULL_REFRESH_HOURS


def test_the_schedule_is_the_most_frequent_that_fits():
    schedule = fit(100)
    tighter = fit(100, quota=schedule.calls - 1)

    assert schedule.full_refresh_hours == 24
    assert tighter.interval_minutes > schedule.interval_minutes


def test_changes_are_looked_for_at_least_as_often_as_everything_is_read():
    schedule = fit(40_000)

    assert schedule.interval_minutes <= schedule.full_refresh_hours * 60


def test_what_is_not_chosen_costs_nothing():
    counts = make_counts(100, 9_000_000)

    assert fitting_schedule(counts, chosen=["app1/tbl0"], quota=FREE) is not None


def test_a_team_plan_can_look_every_few_minutes():
    assert fit(10_000, quota=TEAM).interval_minutes == 5


def test_what_fits_no_plan_gets_no_schedule():
    assert fit(10_000_000) is None


@pytest.mark.parametrize("values", [(0, 24), (60, 0), (-5, 24)])
def test_an_interval_of_nothing_is_refused(values):
    interval, hours = values

    with pytest.raises(ValueError, match="longer than nothing"):
        monthly_calls(1, interval, full_refresh_hours=hours)

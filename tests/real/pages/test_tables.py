"""Tables, and whatever else writes SQL by hand, do the same on PostgreSQL."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.real.support.stack import BASE_DIR

if TYPE_CHECKING:
    from tests.real.support.postgres import Postgres

pytestmark = pytest.mark.real
# Two halves that take as long, so that two workers of pytest share them.
SAME = {
    "services and the past": (
        "tests/services/common/test_prepared.py",
        "tests/services/items/tables",
        "tests/services/items/test_bench_rows.py",
        "tests/services/items/test_item_links.py",
        "tests/services/items/test_large_pages.py",
        "tests/services/items/test_own_values.py",
        "tests/services/items/test_own_words.py",
        "tests/services/sync/runs/test_claims_at_once.py",
        "tests/views/items/past/changes/test_changes.py",
        "tests/views/items/past/changes/test_day_lists.py",
        "tests/views/items/past/changes/test_seen_changes.py",
        "tests/views/items/past/changes/test_what_came.py",
        "tests/views/items/past/test_past_differences.py",
        "tests/views/items/past/test_past_table_filters.py",
    ),
    "pages": (
        "tests/views/items/tables",
        "tests/views/items/parts/test_beside.py",
        "tests/views/items/parts/test_many_links.py",
        "tests/views/items/parts/test_very_many_links.py",
    ),
}
# These ask the database nothing, nothing that the others do not ask it as well, or
# nothing that is asked of PostgreSQL: there no totals are kept. Of a file it is said
# how many tests it has, so that one that is added is looked at before it is left out.
FILES_LEFT_OUT = {
    "tests/services/items/tables/test_conditions.py": 11,
    "tests/views/items/tables/test_empty_table.py": 2,
    "tests/views/items/tables/test_kept_totals.py": 10,
    "tests/views/items/tables/test_table_as_of.py": 16,
    "tests/views/items/tables/test_table_download.py": 12,
    "tests/views/items/tables/test_widths.py": 11,
}
BESIDE = "tests/views/items/parts/test_beside.py"
PAGE_QUERIES = "tests/views/items/tables/test_page_queries.py"
TESTS_LEFT_OUT = (
    f"{BESIDE}::test_from_a_page_without_it_an_item_leads_back_only",
    f"{BESIDE}::test_no_address_leads_elsewhere",
    f"{BESIDE}::test_pages_opened_from_each_other_carry_no_endless_address",
    f"{BESIDE}::test_without_a_list_nothing_is_its_first_or_last",
    f"{PAGE_QUERIES}::test_a_page_that_a_view_opens_asks_little",
)
LEFT_OUT = (*FILES_LEFT_OUT, *TESTS_LEFT_OUT)
# What tests of their own begin with: tables, and nobody.
EMPTY = "truncate auth_user, django_celery_beat_periodictask cascade"
# It sees what is committed only, which is nothing, and would tell the planner so in the
# middle of a test.
STILL = "alter table integrations_{} set (autovacuum_enabled = false)"
LARGE = ("item", "itemlink", "propertyvalue", "ownvalue")


@pytest.mark.parametrize("half", SAME)
def test_what_sql_by_hand_does_holds_on_postgresql(
    postgres: "Postgres", half: str
) -> None:
    url = postgres.create_database(template="migrated")
    # The name that Django gives to the database of tests: migrated already.
    tested = f"test_{psycopg.conninfo.conninfo_to_dict(url)['dbname']}"
    with psycopg.connect(
        postgres.create_database(tested, template="migrated")
    ) as connection:
        connection.execute(EMPTY)
        for table in LARGE:
            connection.execute(STILL.format(table))

    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("--reuse-db", *SAME[half]),
            *(word for each in LEFT_OUT for word in ("--deselect", each)),
        ],
        cwd=BASE_DIR,
        env={**os.environ, "TEST_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )

    assert done.returncode == 0, done.stdout[-3000:]

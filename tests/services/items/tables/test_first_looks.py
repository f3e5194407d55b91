"""A look at the first rows of a table asks for these alone, by either database."""

from datetime import UTC

import pytest
from django.db import connection as database
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from integrations.services.items.tables import listing
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.conditions import Asker
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery
from tests.services.items.tables.test_group_plans import deals  # noqa: F401
from tests.support.plans import tell_statistics
from tests.support.rows import NOON

ADDRESSES = (
    "amount__gt=1&dealstage__is=Closed+won",
    "amount__gt=1&dealstage__is=Closed+won&match=any",
    "dealstage__not=Qualified&amount__gt=1",
    "sort=-amount&amount__gt=1&dealstage__is=Closed+won",
)


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL's planner chooses")
def test_no_index_is_read_whole_for_the_first_rows(deals):  # noqa: F811
    columns = columns_of(deals)
    for address in ADDRESSES:
        query = TableQuery.parse(deals.pk, QueryDict(address), columns)
        found = indexes.prepare(deals, query.indexed)
        tell_statistics("whole")
        asker = Asker(zone=UTC, today=NOON.date())

        with CaptureQueriesContext(database) as queries:
            selection = Selection.make(deals, query, found, asker)
            page = listing.fetch_page(selection)
            listing.count(selection, page)

        assert len(page.items) == query.size
        hashed = [sql for q in queries if "hashed" in explain(sql := str(q["sql"]))]
        assert hashed == [], address


def explain(sql):
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN (VERBOSE) {sql.replace('%', '%%')}", ())
        return "\n".join(line for (line,) in cursor.fetchall())

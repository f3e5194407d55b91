"""Give the own columns a collection of deals, and three of them."""

import pytest

from tests.support.pages.kept_rows import kept
from tests.views.items.tables.test_table import deal
from tests.views.own_columns.own_tables import make_deals


@pytest.fixture
@kept
def deals(connection):
    return make_deals(connection)


@pytest.fixture
@kept
def three(deals):
    items = [deal(deals, name, "100", remote_id=name) for name in ("One", "Two")]
    return [*items, deal(deals, "Three", "300")]
